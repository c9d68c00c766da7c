using BenchmarkDotNet.Running;
using Nestegg.Benchmarks.SideBySide;

// parts [BenchmarkDotNet's options]      the parts: hashing, decryption, packs, index
// whole SET [--rounds N] [--out FOLDER]  whole programs side by side: ente-like, small, million, ten-million
// live [--rounds N]                      export from a live museum beside one file after another
// one-at-a-time URL EMAIL FILE FOLDER    the latter
// download ENDPOINT BUCKET PARALLEL      the bare download that the others are held against
return args switch
{
    ["parts", .. var options] => RunParts(options),
    ["whole", var set, .. var options] => await Harness.RunAsync(set, options),
    ["live", .. var options] => await LiveExport.RunAsync(options),
    ["one-at-a-time", var museum, var email, var password, var folder] => await OneAtATime.RunAsync(new Uri(museum), email, password, folder),
    ["download", var endpoint, var bucket, var parallel] => await BareDownload.RunAsync(new Uri(endpoint), bucket, int.Parse(parallel)),
    _ => Usage(),
};

static int RunParts(string[] options)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(options);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("usage: bench/run parts [options] | bench/run whole ente-like|small|million|ten-million [--rounds N] [--out FOLDER] | bench/run live [--rounds N]");
    return 2;
}
