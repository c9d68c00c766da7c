using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.Ente.Configuration;
using Nestegg.Ente.Cryptography;
using Nestegg.Ente.Library;
using Nestegg.TestKit.Instances;

namespace Nestegg.IntegrationTests.Library;

/// <summary>Accounts of known instances: how they are found, and what tells a wrong password from damage.</summary>
public sealed class KnownAccountTests(KnownInstances instances, KnownDatabases databases) : IClassFixture<KnownDatabases>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InstanceData("postgres")]
    [InstanceData("archive")]
    public async Task An_account_is_found_by_hash_by_opening_addresses_or_not_at_all(string name, string source)
    {
        var known = (await instances.OpenAsync(name, Token))["t1"];
        await using var connection = await databases.OpenAsync(known, source, Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var settings = await File.ReadAllTextAsync(Path.Combine(known.Folder, "museum.yaml"), Token);
        using var secrets = Secrets(settings);
        using var onlyHash = Secrets($"key: {{ encryption: none, hash: {Convert.ToBase64String(Setting(settings, "hash: "))} }}");
        using var wrongHash = Secrets(
            $"key: {{ encryption: {Convert.ToBase64String(Setting(settings, "encryption: "))}, hash: {Convert.ToBase64String(new byte[64])} }}");
        using var onlyWrongHash = Secrets($"key: {{ encryption: none, hash: {Convert.ToBase64String(new byte[64])} }}");
        var typed = $" {known[Role.Keeper].Email.ToUpperInvariant()}";
        var byHash = Assert.Single(await reader.FindUsersAsync(typed, onlyHash, Token));
        var byAddress = Assert.Single(await reader.FindUsersAsync(typed, wrongHash, Token));
        Assert.Equal(byHash.Id, byAddress.Id);
        Assert.Equal((known[Role.Keeper].UserId, known[Role.Keeper].Email), (byAddress.Id, byAddress.Email));
        Assert.True(byAddress.HasKeys);
        Assert.Equal(byHash.Id, Assert.Single(await reader.FindUsersAsync(typed, secrets, Token)).Id);
        Assert.Empty(await reader.FindUsersAsync("nobody@nestegg.example", secrets, Token));
        Assert.Empty(await reader.FindUsersAsync(typed, onlyWrongHash, Token));
        Assert.Null(await reader.KeyAttributesAsync(1, Token));
        Assert.Null(await reader.FindUserAsync(1, null, Token));
        var addresses =
            await reader.UsersAsync(secrets, Token).Where(user => user.Email is not null).Select(user => user.Email!).ToListAsync(Token);
        Assert.Empty(known.People.Select(person => person.Email).Except(addresses));
    }

    [Theory]
    [InstanceData]
    public async Task The_login_record_fits_the_password_and_tells_it_from_damage(string name)
    {
        var known = (await instances.OpenAsync(name, Token))["t2"];
        await using var connection = await databases.OpenAsync(known, "postgres", Token);
        var reader = await LibraryReader.OpenAsync(connection, Token);
        var person = known[Role.Sharee];
        var attributes = (await reader.KeyAttributesAsync(person.UserId, Token))!;
        var login = await reader.SrpRecordAsync(person.UserId, Token);
        Assert.NotNull(login);
        Assert.True(KeyChain.TryDeriveKey(attributes, Encoding.UTF8.GetBytes(person.Password), out var passwordKey, out _));
        using (passwordKey)
        {
            var damaged = attributes with { MasterKey = attributes.MasterKey! with { Nonce = new byte[24] } };
            Assert.Equal(OpenOutcome.Damaged, KeyChain.OpenWithPasswordKey(damaged, passwordKey, login).Outcome);
            Assert.Equal(OpenOutcome.WrongPassword, KeyChain.OpenWithPasswordKey(attributes, SecretKey.Random(), login).Outcome);
        }
    }

    private static MuseumSecrets Secrets(string yaml) =>
        MuseumSecrets.From(MuseumConfiguration.Create([("museum.yaml", yaml)], [new EnvironmentVariable("ENVIRONMENT", "none", "")]));

    private static byte[] Setting(string yaml, string name) =>
        Convert.FromBase64String(
            yaml.Split('\n').First(line => line.Trim().StartsWith(name, StringComparison.Ordinal)).Split(": ")[1].Trim());
}
