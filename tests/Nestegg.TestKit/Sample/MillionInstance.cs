using System.Security.Cryptography;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Nestegg.Ente.Cryptography;
using Nestegg.Server.S3;
using Npgsql;

namespace Nestegg.TestKit.Sample;

/// <summary>
/// An instance with as many objects as asked for, all tiny, to see what a library of millions costs. Half are files, half thumbnails,
/// spread over ten people or as many as asked for. Rows and objects have the right shape, lengths and names, and decrypt with the recovery
/// key that all share; nobody has a password.
/// </summary>
public sealed class MillionInstance
{
    private const long FirstUser = 1580559962386438;
    private const long FirstFile = 10000000;

    private readonly SampleOptions options;
    private readonly MillionKeys keys;
    private readonly int files;
    private readonly int people;

    private MillionInstance(SampleOptions options, int objects, int people) =>
        (this.options, keys, files, this.people) = (options, new MillionKeys(options.Seed), objects / 2, people);

    public long Objects => 2L * files;

    /// <summary>24 words, the same for everybody.</summary>
    public string RecoveryWords => RecoveryKey.ToWords(keys.RecoverySecret);

    /// <summary>The key of every file.</summary>
    public SecretKey FileKey => keys.FileKey;

    /// <summary>The address of somebody, counted from 0.</summary>
    public static string Email(int person) => $"person{person}@example.org";

    public string Bucket => options.BucketPrefix + SampleStorage.Slot;

    /// <summary>
    /// Makes the database and the operator's folder; <see cref="WriteObjects"/> or <see cref="UploadObjectsAsync"/> makes the objects.
    /// </summary>
    public static async Task<MillionInstance> CreateAsync(
        SampleOptions options, int objects, CancellationToken cancellationToken, int people = 10)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(objects, 2);
        var secrets = new SampleSecrets(new SampleRandom(options.Seed));
        await (await SampleDatabase.CreateAsync(options, secrets, cancellationToken)).DisposeAsync();
        await SampleFolder.WriteAsync(options, secrets, cancellationToken);
        var instance = new MillionInstance(options, objects, people);
        await instance.FillAsync(secrets, cancellationToken);
        return instance;
    }

    /// <summary>
    /// Writes the buckets straight into the folder of an embedded store, many times faster than through its door. The store may be running;
    /// it looks at the folder for every request.
    /// </summary>
    public void WriteObjects(string storeFolder)
    {
        foreach (var slot in SampleStorage.Slots)
        {
            Directory.CreateDirectory(Path.Combine(storeFolder, options.BucketPrefix + slot));
        }

        for (var person = 0; person < Math.Min(people, files); person++)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(storeFolder, Bucket, KeyPath.ToPath(Key(person, 0))))!);
        }

        var headers = new Dictionary<string, string>();
        Parallel.For(0, (int)Objects, number =>
        {
            var content = Content(number);
            var footer = ObjectFile.Footer(new ObjectTags(Convert.ToHexStringLower(MD5.HashData(content)), headers));
            using var file = File.OpenHandle(
                Path.Combine(storeFolder, Bucket, KeyPath.ToPath(ObjectKey(number))), FileMode.Create, FileAccess.Write);
            RandomAccess.Write(file, [content, footer], 0);
        });
    }

    /// <summary>Puts the objects into any store; the buckets are made.</summary>
    public async Task UploadObjectsAsync(IAmazonS3 store, int parallel, CancellationToken cancellationToken)
    {
        foreach (var slot in SampleStorage.Slots)
        {
            await store.PutBucketAsync(options.BucketPrefix + slot, cancellationToken);
        }

        var settings = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, (int)Objects, settings, async (number, token) => await store.PutObjectAsync(
            new PutObjectRequest
            {
                BucketName = Bucket, Key = ObjectKey(
                number), InputStream = new MemoryStream(Content(number)), UseChunkEncoding = false
            }, token));
    }

    private async Task FillAsync(SampleSecrets secrets, CancellationToken cancellationToken)
    {
        var superuser = new NpgsqlConnectionStringBuilder(
            options.ServerConnectionString)
        {
            Database = options.DatabaseName, Pooling = false, CommandTimeout = 0,
        };
        await using var connection = new NpgsqlConnection(superuser.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        // Foreign keys hold by construction; checking them row by row would take longer than all the rest.
        await ExecuteAsync(connection, "SET session_replication_role = replica", cancellationToken);
        await FillPeopleAsync(connection, secrets, cancellationToken);
        var header = Convert.ToBase64String(keys.Header);
        await CopyAsync(
            connection,
            "files (file_id, owner_id, file_decryption_header, thumbnail_decryption_header, metadata_decryption_header, "
            + "encrypted_metadata, updation_time, info)",
            file =>
                $"{FirstFile + file}\t{Owner(file)}\t{header}\t{header}\t{keys.Metadata.Header}\t{keys.Metadata.Data}\t{Time(file)}\t{{\"fileSize\": {Length(2 * file)}, \"thumbSize\": {Length((2 * file) + 1)}}}\n",
            cancellationToken);
        await CopyAsync(
            connection,
            "collection_files (file_id, collection_id, encrypted_key, key_decryption_nonce, is_deleted, updation_time, c_owner_id, "
            + "f_owner_id)",
            file =>
                $"{FirstFile + file}\t{Owner(file)}\t{keys.File.Box}\t{keys.File.Nonce}\tf\t{Time(file)}\t{Owner(file)}\t{Owner(file)}\n",
            cancellationToken);
        await CopyAsync(connection, "object_keys (file_id, o_type, object_key, size, datacenters, is_deleted, created_at, updated_at)",
            file => $"{ObjectRow(file, 0)}{ObjectRow(file, 1)}", cancellationToken);
        await ExecuteAsync(
            connection,
            $"SELECT setval('files_file_id_seq', {FirstFile + files}), setval('users_user_id_seq', "
            + $"{FirstUser + people}), setval('collections_collection_id_seq', {FirstUser + people})",
            cancellationToken);
        await ExecuteAsync(connection, "ANALYZE", cancellationToken);
    }

    private async Task FillPeopleAsync(NpgsqlConnection connection, SampleSecrets secrets, CancellationToken cancellationToken)
    {
        using var encryption = SecretKey.From(secrets.EncryptionKey);
        var attributes = keys.Attributes();
        for (var person = 0; person < people; person++)
        {
            var email = Email(person);
            var box = SecretBox.Seal(Encoding.UTF8.GetBytes(email), encryption, out var nonce);
            await ExecuteAsync(connection, $"""
                INSERT INTO users (user_id, creation_time, encrypted_email, email_decryption_nonce, email_hash) OVERRIDING SYSTEM VALUE
                VALUES ({FirstUser + person}, {Time(person)}, '\x{Convert.ToHexStringLower(box)}', '\x{Convert.ToHexStringLower(nonce)}', '{EmailHash.Compute(email, secrets.HashKey)}');
                INSERT INTO key_attributes (user_id, kek_salt, encrypted_key, key_decryption_nonce, {attributes.Columns})
                VALUES ({FirstUser + person}, '{Filler(16)}', '{Filler(48)}', '{Filler(24)}', {attributes.Values});
                INSERT INTO collections (collection_id, owner_id, encrypted_key, key_decryption_nonce, name, type, attributes, updation_time) OVERRIDING SYSTEM VALUE
                VALUES ({FirstUser + person}, {FirstUser + person}, '{keys.Album.Box}', '{keys.Album.Nonce}', '', 'album', '{"{\"version\": 0}"}', {Time(person)});
                """, cancellationToken);
        }
    }

    private async Task CopyAsync(NpgsqlConnection connection, string target, Func<int, string> rows, CancellationToken cancellationToken)
    {
        await using var writer = await connection.BeginTextImportAsync($"COPY {target} FROM STDIN", cancellationToken);
        for (var file = 0; file < files; file++)
        {
            await writer.WriteAsync(rows(file).AsMemory(), cancellationToken);
        }
    }

    private string ObjectRow(int file, int part) =>
        $"{FirstFile + file}\t{(part == 0 ? "file" : "thumbnail")}\t{Key(file, part)}\t{Length((2 * file) + part)}\t{{b2-eu-cen}}\tf\t{Time(file)}\t{Time(file)}\n";

    /// <summary>The owner and a UUID made of numbers that are far apart for neighbours.</summary>
    private string Key(int file, int part)
    {
        var high = Mix((ulong)((2 * (long)file) + part) ^ ((ulong)options.Seed << 40));
        var low = Mix(high);
        return $"{Owner(file)}/{high >> 32:x8}-{(high >> 16) & 0xffff:x4}-4{high & 0xfff:x3}-"
            + $"a{(low >> 48) & 0xfff:x3}-{low & 0xffffffffffff:x12}";
    }

    /// <summary>
    /// The object of a number: between 33 and 96 bytes, as many as of any other number with the same rest by 64, and different for every
    /// object.
    /// </summary>
    public byte[] Content(int number)
    {
        var plaintext = new byte[Length(number) - SecretStream.OverheadBytes];
        new Random(number).NextBytes(plaintext);
        BitConverter.TryWriteBytes(plaintext, number);
        return SampleSeal.Stream(plaintext, keys.FileKey, keys.Header);
    }

    /// <summary>The key of the object of a number.</summary>
    public string ObjectKey(int number) => Key(number / 2, number % 2);

    private static int Length(int number) => 33 + (number % 64);

    private long Owner(int file) => FirstUser + (file % people);

    private static long Time(int file) => 1_700_000_000_000_000 + (1000L * file);

    private static string Filler(int length) => Convert.ToBase64String(Enumerable.Range(0, length).Select(i => (byte)(37 * i)).ToArray());

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
