using Nestegg.Demo;
using Nestegg.TestKit.Servers;

if (PostgresServer.MissingReason is { } reason)
{
    Console.Error.WriteLine($"error: {reason}");
    Console.Error.WriteLine("hint: sudo apt-get install --no-install-recommends postgresql postgresql-client");
    return 2;
}

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, signal) =>
{
    signal.Cancel = true;
    cancellation.Cancel();
};
var folder = args is [var given, ..] ? Path.GetFullPath(given) : Directory.CreateTempSubdirectory("nestegg-demo-").FullName;
if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
{
    Console.Error.WriteLine($"error: {folder} is not empty");
    Console.Error.WriteLine("hint: ./demo FOLDER takes an empty or absent folder; without one it makes its own");
    return 2;
}

try
{
    Directory.CreateDirectory(folder);
    await new Story(folder).TellAsync(cancellation.Token);
    return 0;
}
catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
{
    Console.Error.WriteLine("cancelled; the demo's servers are stopped");
    return 130;
}
catch (DemoException error)
{
    Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine($"hint: what was made so far is in {folder}");
    return 1;
}
