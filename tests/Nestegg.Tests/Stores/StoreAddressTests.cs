using Nestegg.Settings;
using Nestegg.Stores.Local;
using Nestegg.Stores.S3;
using Nestegg.TestKit;

namespace Nestegg.Tests.Stores;

public class StoreAddressTests
{
    private static readonly Func<string, string?> NoEnvironment = _ => null;

    [Theory]
    [InlineData("/mnt/nas/nestegg", "/mnt/nas/nestegg")]
    [InlineData("/mnt/nas/x/../nestegg", "/mnt/nas/nestegg")]
    public void A_path_is_a_folder(string text, string folder)
    {
        var address = StoreAddress.Parse(text, NoEnvironment);
        Assert.Equal(folder, address.Folder);
        Assert.Equal(folder, address.ToString());
        Assert.IsType<LocalStore>(address.Open());
    }

    [Theory]
    [InlineData("s3://bucket", "bucket", "", "s3://bucket")]
    [InlineData("s3://bucket/", "bucket", "", "s3://bucket")]
    [InlineData("s3://bucket/some/prefix/", "bucket", "some/prefix", "s3://bucket/some/prefix")]
    public async Task A_bucket_has_a_prefix_or_none(string text, string bucket, string prefix, string shown)
    {
        var address = StoreAddress.Parse(text, NoEnvironment);
        Assert.Equal((bucket, prefix, shown), (address.Bucket, address.Prefix, address.ToString()));
        Assert.Equal(new S3Settings(), address.S3);
        await using var store = address.Open(new S3Credentials("a", "b"));
        Assert.Equal(shown, store.Location);
    }

    [Fact]
    public void The_server_comes_from_the_address()
    {
        var address = StoreAddress.Parse("s3://b/p?endpoint=https%3A%2F%2Fnas.lan:9000&region=garage", NoEnvironment);
        Assert.Equal(new S3Settings { Endpoint = new Uri("https://nas.lan:9000"), Region = "garage", PathStyle = true }, address.S3);
        Assert.False(StoreAddress.Parse("s3://b?endpoint=http://x&path-style=false", NoEnvironment).S3.PathStyle);
    }

    [Fact]
    public void The_server_comes_from_the_environment_and_the_address_wins()
    {
        var variables = new Dictionary<string, string>
        {
            [
            "AWS_ENDPOINT_URL"] = "http://one", ["AWS_ENDPOINT_URL_S3"] = "http://two", ["AWS_DEFAULT_REGION"] = "r1"
        };
        Assert.Equal(new S3Settings { Endpoint = new Uri("http://two"), Region = "r1", PathStyle = true }, StoreAddress.Parse(
            "s3://b", variables.GetValueOrDefault).S3);
        Assert.Equal(new Uri("http://three"), StoreAddress.Parse("s3://b?endpoint=http://three", variables.GetValueOrDefault).S3.Endpoint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s3://")]
    [InlineData("sftp://host/path")]
    [InlineData("sftp:user@host:/srv/backup")]
    [InlineData("user@host:backup")]
    [InlineData("b2:bucket/path")]
    [InlineData("s3:https://host/bucket")]
    [InlineData("s3://b?endpoint=nas:9000")]
    [InlineData("s3://b?regoin=x")]
    [InlineData("s3://b?path-style=maybe")]
    public void What_is_no_address_is_refused_with_how_to_write_one(string text)
    {
        var failure = Assert.Throws<NesteggException>(() => StoreAddress.Parse(text, NoEnvironment));
        Assert.Equal(FailureKind.BadInput, failure.Kind);
        Assert.Null(ErrorText.WhatIsWrong(failure, "address"));
    }

    [Theory]
    [InlineData("s3://KEY:hush@bucket/prefix")]
    [InlineData("s3://b?endpoint=https://KEY:hush@host")]
    public void A_secret_in_the_address_is_refused_and_not_repeated(string text)
    {
        var failure = Assert.Throws<NesteggException>(() => StoreAddress.Parse(text, NoEnvironment));
        Assert.DoesNotContain("hush", failure.Message + failure.Hint, StringComparison.Ordinal);
        Assert.Contains("AWS_SECRET_ACCESS_KEY", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_another_programs_address_is_not_repeated()
    {
        var failure = Assert.Throws<NesteggException>(() => StoreAddress.Parse("rest:https://me:hush@host/repo", NoEnvironment));
        Assert.Contains("'rest:…@host/repo'", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("./12:30")]
    [InlineData("backups/12:30")]
    public void A_folder_may_have_a_colon_in_its_name(string text) =>
        Assert.Equal(Path.GetFullPath(text), StoreAddress.Parse(text, NoEnvironment).Folder);

    [Fact]
    public void Credentials_that_are_not_set_are_named()
    {
        var failure = Assert.Throws<NesteggException>(
            () => S3Credentials.FromEnvironment(name => name == "AWS_ACCESS_KEY_ID" ? "x" : null));
        Assert.Equal(FailureKind.BadInput, failure.Kind);
        Assert.Contains("AWS_SECRET_ACCESS_KEY is not set", failure.Message, StringComparison.Ordinal);
    }
}
