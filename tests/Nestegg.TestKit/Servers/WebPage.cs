using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Nestegg.TestKit.Servers;

/// <summary>A page on an origin of its own, in a real browser, that fetches a picture from elsewhere as Ente's web app does.</summary>
public sealed class WebPage : IAsyncDisposable
{
    private const string Program = "chromium";

    private readonly TaskCompletionSource<string> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string pictureUrl;
    private readonly ScriptedHttpServer server;

    private WebPage(string pictureUrl)
    {
        this.pictureUrl = pictureUrl;
        server = new ScriptedHttpServer((_, context) => AnswerAsync(context));
    }

    /// <summary>Why there can be no browser on this machine; <see langword="null"/> when there can.</summary>
    public static string? MissingReason => ExternalProgram.Find(Program) is null ? $"{Program} is not installed" : null;

    /// <returns><c>3 x 2</c>, the size of the picture that the page shows; else what the browser told the page.</returns>
    public static async Task<string> ShowAsync(string pictureUrl, CancellationToken cancellationToken)
    {
        await using var page = new WebPage(pictureUrl);
        using var profile = new TemporaryFolder();
        await using var browser = ServerProcess.Start(
            Program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", $"--user-data-dir={profile.Path}", "--remote-debugging-port=0",
            page.server.Endpoint.ToString());
        await browser.WaitUntilAsync(
            "a word of the page", _ => Task.FromResult(page.told.Task.IsCompleted), cancellationToken);
        browser.Kill();
        return await page.told.Task;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/told")
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync(Page());
            return;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        told.TrySetResult(await reader.ReadToEndAsync());
    }

    private string Page() => $$"""
        <!doctype html>
        <script>
        const tell = text => fetch("/told", { method: "POST", body: text });
        fetch({{JsonSerializer.Serialize(pictureUrl)}}, { headers: { "x-client-package": "io.ente.photos.web" } })
            .then(answer => answer.blob())
            .then(blob => createImageBitmap(blob))
            .then(picture => tell(`${picture.width} x ${picture.height}`))
            .catch(failure => tell(failure.message));
        </script>
        """;
}
