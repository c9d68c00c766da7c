using System.Text;
using Nestegg.Ente;

namespace Nestegg.Cli.Terminal;

/// <summary>
/// A standard stream whose other end may be full or gone. What cannot be written is dropped and the first reason kept: a backup does not
/// end because nobody can read what it says. What a closed pipe refuses never gets here; .NET drops it by itself.
/// </summary>
internal sealed class SteadyWriter(TextWriter inner) : TextWriter
{
    /// <summary>The stream stays its owner's.</summary>
    public static TextWriter Around(TextWriter inner) => new SteadyWriter(inner);

    public override Encoding Encoding => inner.Encoding;

    /// <summary>Why something was lost; <see langword="null"/> while all was written.</summary>
    public string? Loss { get; private set; }

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (SystemWords.IsOfFiles(exception) || exception is ObjectDisposedException)
        {
            Loss ??= SystemWords.Of(exception);
        }
    }
}
