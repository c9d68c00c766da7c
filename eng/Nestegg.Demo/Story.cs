using Nestegg.TestKit.Sample;

namespace Nestegg.Demo;

/// <summary>A sample instance is made, backed up, lost, brought back on another machine, and opened without one.</summary>
internal sealed class Story(string folder)
{
    private readonly TypedCommand nestegg = new(folder);

    public async Task TellAsync(CancellationToken cancellationToken)
    {
        List<SamplePerson> people;
        int objects;
        await using (var first = await Machine.StartAsync(At("buckets"), "first", cancellationToken))
        {
            Say("A sample instance is made: people, keys, albums, pictures and videos, encrypted as Ente's apps encrypt them.");
            await using var sample = await SampleInstance.CreateAsync(first.Options(At("my-ente")), cancellationToken);
            people = [.. sample.People];
            Describe(sample);

            Say("Set up once: a configuration, a repository, and an identity, which alone can open the backups.");
            await nestegg.RunAsync(
                "init --instance my-ente --repository backups --new-identity identity.txt --identity-beside-repository "
                + first.Map, cancellationToken);
            Say("Is everything in order?");
            await nestegg.RunAsync("doctor", cancellationToken);
            Say("The first backup.");
            await nestegg.RunAsync("backup", cancellationToken);

            await sample.AdvanceAsync(cancellationToken);
            objects = sample.Objects.Count;
            Say("Some days pass: new pictures, some edited, an album thrown away, one picture deleted for good, and Ada has changed her "
                + "password. The second backup takes what is new.");
            await nestegg.RunAsync("backup", cancellationToken);
            await nestegg.RunAsync("snapshots", cancellationToken);
            Say("Are the bytes there and unchanged?");
            await nestegg.RunAsync("check --read", cancellationToken);
            Say("Does everything exist that the database of the snapshot names?");
            await nestegg.RunAsync("audit --snapshot latest --identity identity.txt", cancellationToken);
        }

        Say("The machine is lost: PostgreSQL, the buckets, the instance's folder and Nestegg's configuration. What is left is the "
            + "repository and the identity.");
        foreach (var lost in (string[])["my-ente", "buckets"])
        {
            Console.WriteLine($"$ rm -r {lost}");
            Directory.Delete(At(lost), recursive: true);
        }

        Console.WriteLine("$ rm nestegg.yaml");
        File.Delete(At("nestegg.yaml"));

        await using (var second = await Machine.StartAsync(At("new-buckets"), "second", cancellationToken))
        {
            Say("A new machine, on which Ente's quickstart was run: new passwords, new secrets, an empty database, empty buckets.");
            await EmptyInstance.CreateAsync(second.Options(At("my-new-ente")) with { Seed = 99 }, cancellationToken);
            var restore = $"restore --repository backups --identity identity.txt --into my-new-ente {second.Map}";
            Say("First the plan.");
            await nestegg.RunAsync($"{restore} --dry-run", cancellationToken);
            Say("Then the thing itself.");
            await nestegg.RunAsync(restore, cancellationToken);
            Say("Nestegg is set up on the new machine, and the restored instance is audited: database against buckets.");
            await WriteAsync("nestegg.yaml", second.Configuration("my-new-ente", "backups"), cancellationToken);
            await nestegg.RunAsync("audit --live", cancellationToken);
        }

        Say("And without any server at all: everything that Ada and Ben can open is decrypted and compared, with the passwords that they "
            + "had at the snapshot.");
        foreach (var person in people.Take(2))
        {
            var name = person.Name.ToLowerInvariant();
            await WriteAsync($"{name}-password.txt", person.Password + "\n", cancellationToken);
            await nestegg.RunAsync(
                $"prove --repository backups --identity identity.txt --user {person.Email} --password-file "
                + $"{name}-password.txt --report {name}.html",
                cancellationToken);
        }

        Say("Then Ada's photos in plain.");
        await nestegg.RunAsync(
            $"export --repository backups --identity identity.txt --user {people[0].Email} --password-file ada-password.txt --to photos",
            cancellationToken);
        await nestegg.RunAsync("snapshots", cancellationToken);

        Summarise(people, objects);
    }

    private void Summarise(IEnumerable<SamplePerson> people, int objects)
    {
        Say("Done. The demo's servers are stopped; these stay until you remove them:");
        foreach (var (name, what) in ((string, string)[])
        [
            ("backups", $"the repository; the newer of its two snapshots has {objects} objects"),
            ("identity.txt", "opens them; in real life it is not kept on this machine"),
            ("my-new-ente", "the restored instance's folder, with the old secrets in the new museum.yaml"),
            ("new-buckets", "the restored objects"),
            ("ada.html, ben.html", "the reports on what was proved, to print or keep"),
            ("photos", "Ada's albums in plain"),
        ])
        {
            Console.WriteLine($"  {At(name)}  {what}");
        }

        Console.WriteLine();
        Console.WriteLine("The people, should you want to open their part yourself:");
        foreach (var person in people)
        {
            Console.WriteLine($"  {person.Email,-34} password: {person.Password}");
        }
    }

    /// <summary>Shows a file as it would be typed, and writes it.</summary>
    private async Task WriteAsync(string name, string content, CancellationToken cancellationToken)
    {
        Console.WriteLine();
        Console.WriteLine($"$ cat > {name}");
        Console.Write(content);
        await File.WriteAllTextAsync(At(name), content, cancellationToken);
    }

    private static void Describe(SampleInstance sample)
    {
        foreach (var person in sample.People)
        {
            var albums = sample.Albums.Count(album => album.Owner == person);
            var files = sample.Files.Count(file => file.Owner == person);
            Console.WriteLine($"  {person.Name,-4} {person.Email,-34} {albums,3} albums {files,3} files");
        }

        Console.WriteLine(
            $"  {sample.Objects.Count} objects, {sample.Objects.Values.Sum(item => item.SizeBytes) / 1024.0 / 1024.0:0.0} MiB, in the buckets {string.Join(" and ", sample.Objects.Values.Select(item => item.Bucket).Distinct())}");
    }

    private string At(string name) => Path.Combine(folder, name);

    private static void Say(string text)
    {
        Console.WriteLine();
        Console.WriteLine($"# {text}");
    }
}
