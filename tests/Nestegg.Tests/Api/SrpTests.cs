using System.Security.Cryptography;
using System.Text;
using Nestegg.Ente.Accounts;
using Nestegg.TestKit.Museum;

namespace Nestegg.Tests.Api;

public class SrpTests
{
    private static readonly byte[] LoginKey = Convert.FromHexString("cfa59fd40f8376a8eae9b7a5f3a718d1");

    [Fact]
    public void Both_sides_agree_with_Ente_s_apps()
    {
        var record = SrpServer.Register(
            "00000000-0000-4000-8000-000000000001", Convert.FromBase64String("EBESExQVFhcYGRobHB0eHw=="), LoginKey);
        Assert.Equal(
            "b3a4d74163934dd43dfe599a6e5dc2f8ca5891b75888c095bac7eb4be90725b5", Convert.ToHexStringLower(SHA256.HashData(record.Verifier)));
        var client = new SrpClient(record.SrpUserId, record.Salt, LoginKey, Repeated(0x11));
        var server = SrpServer.Begin(record, client.PublicValue, Repeated(0x22));
        Assert.NotNull(server);
        Assert.StartsWith("b7ec1ed000fc9945445e22ef1a613ad7", Convert.ToHexStringLower(client.PublicValue), StringComparison.Ordinal);
        Assert.StartsWith("23ce78722ee8dbe711641db168b67da7", Convert.ToHexStringLower(server.PublicValue), StringComparison.Ordinal);
        Assert.True(client.TryProve(server.PublicValue, out var clientProof));
        Assert.Equal("eebf22de5fe357dcbbe1b4ce5b492eef6a180cb2ea669975346a777a315b3683", Convert.ToHexStringLower(clientProof));
        Assert.True(server.TryVerify(clientProof, out var serverProof));
        Assert.Equal("79f59bb26a925763b1fc0f7133a86fb22a8c2d99b4406e979c2fb6b078a647cc", Convert.ToHexStringLower(serverProof));
        Assert.True(client.TryVerify(serverProof));
        serverProof[0] ^= 1;
        Assert.False(client.TryVerify(serverProof));
    }

    // The vector of Ente's Go server, whose A begins with a zero byte.
    [Fact]
    public void Numbers_are_padded_before_they_are_hashed()
    {
        var record = SrpServer.Register("repro-user-id", "0123456789abcdef"u8.ToArray(), "1234567890abcdef"u8);
        var client = new SrpClient(record.SrpUserId, record.Salt, "1234567890abcdef"u8, [0x06, 0xde]);
        Assert.Equal(0, client.PublicValue[0]);
        var server = SrpServer.Begin(record, client.PublicValue, Repeated(0x42));
        Assert.NotNull(server);
        Assert.True(client.TryProve(server.PublicValue, out var proof));
        Assert.Equal("c0953b8c74d400fbf664a515deb700d73b65231e7e207a2e2326ff8cf70567ac", Convert.ToHexStringLower(proof));
    }

    [Fact]
    public void A_wrong_password_is_refused()
    {
        var record = SrpServer.Register("id", Encoding.ASCII.GetBytes("salt"), LoginKey);
        var client = new SrpClient("id", record.Salt, new byte[16]);
        var server = SrpServer.Begin(record, client.PublicValue);
        Assert.NotNull(server);
        Assert.True(client.TryProve(server.PublicValue, out var proof));
        Assert.False(server.TryVerify(proof, out _));
    }

    [Fact]
    public void Values_that_would_make_the_secret_known_are_refused()
    {
        var record = SrpServer.Register("id", Encoding.ASCII.GetBytes("salt"), LoginKey);
        var client = new SrpClient("id", record.Salt, LoginKey);
        foreach (var value in new[] { [], new byte[512], Srp.Pad(Srp.N), new byte[513] })
        {
            Assert.Null(SrpServer.Begin(record, value));
            Assert.False(client.TryProve(value, out _));
        }

        Assert.False(client.TryVerify(new byte[32]));
    }

    private static byte[] Repeated(byte value) => [.. Enumerable.Repeat(value, 64)];
}
