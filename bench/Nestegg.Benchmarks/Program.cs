using System.Globalization;
using BenchmarkDotNet.Running;
using Nestegg.Benchmarks.SideBySide;

// parts [BenchmarkDotNet's options]      the parts: hashing, decryption, packs, index
// whole SET [--rounds N] [--job WORDS] [--out FOLDER]  whole programs side by side: ente-like, small, million, ten-million, encrypted
// stand SET                              keeps a filled instance up, for single commands by hand
// growth [--rounds N] [--largest N]      a backup with nothing new, from a thousand objects to ten million, with a plot
// live [--rounds N]                      export from a live museum beside one file after another
// What the races call this program for:
// one-at-a-time URL EMAIL FILE FOLDER    the latter
// download ENDPOINT BUCKET PARALLEL      the bare download that the others are held against
// hash-download ENDPOINT BUCKET PARALLEL the same, with the hashes that a copy that checks must compute
// decrypt BYTES FILES                    libsodium alone, on all cores
return args switch
{
    ["parts", .. var options] => RunParts(options),
    ["stand", var set] => await Harness.StandAsync(set),
    ["whole", var set, .. var options] => await Harness.RunAsync(set, options),
    ["growth", .. var options] => await Growth.RunAsync(options),
    ["live", .. var options] => await LiveExport.RunAsync(options),
    ["one-at-a-time", var museum, var email, var password, var folder] =>
        await OneAtATime.RunAsync(new Uri(museum), email, password, folder),
    ["download", var endpoint, var bucket, var parallel] =>
        await BareDownload.RunAsync(new Uri(endpoint), bucket, Number(parallel), isHashed: false),
    ["hash-download", var endpoint, var bucket, var parallel] =>
        await BareDownload.RunAsync(new Uri(endpoint), bucket, Number(parallel), isHashed: true),
    ["decrypt", var bytes, var files] => BareDecryption.Run(long.Parse(bytes, CultureInfo.InvariantCulture), Number(files)),
    _ => Usage(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static int RunParts(string[] options)
{
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(options);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine(
        "usage: bench/run parts [options] | bench/run whole|stand ente-like|small|million|ten-million|encrypted [--rounds N] [--job "
        + "WORDS] [--out FOLDER] | bench/run growth|live [--rounds N]");
    return 2;
}
