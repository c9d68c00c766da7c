using BenchmarkDotNet.Running;
using Nestegg.Benchmarks.SideBySide;

// parts [BenchmarkDotNet's options]      the parts: hashing, decryption, packs, index
// whole SET [--rounds N] [--job WORDS] [--out FOLDER]  whole programs side by side: ente-like, small, million, ten-million
// stand SET                              keeps a filled instance up, for single commands by hand
// download ENDPOINT BUCKET PARALLEL      the bare download that the others are held against
return args switch
{
    ["parts", .. var options] => RunParts(options),
    ["stand", var set] => await Harness.StandAsync(set),
    ["whole", var set, .. var options] => await Harness.RunAsync(set, options),
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
    Console.Error.WriteLine("usage: bench/run parts [options] | bench/run whole|stand ente-like|small|million|ten-million [--rounds N] [--job WORDS] [--out FOLDER]");
    return 2;
}
