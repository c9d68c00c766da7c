using Nestegg.Ente.Configuration;
using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Configuration;

public class BucketSlotsTests
{
    private static BucketSlots Read(string yaml, params EnvironmentVariable[] variables) =>
        BucketSlots.From(MuseumConfiguration.Create([("museum.yaml", "s3: {" + yaml + "}")], variables));

    [Theory]
    [InlineData("are_local_buckets: true, b5: { endpoint: 'localhost:3200' }", "http://localhost:3200/", true)]
    [InlineData("b5: { endpoint: 's3.example.org' }", "https://s3.example.org/", false)]
    [InlineData("use_path_style_urls: true, b5: { endpoint: 's3.example.org' }", "https://s3.example.org/", true)]
    [InlineData("b5: { endpoint: 'minio:9000', use_path_style_urls: true, disable_ssl: true }", "http://minio:9000/", true)]
    [InlineData("are_local_buckets: true, b5: { endpoint: 'https://s3.example.org' }", "https://s3.example.org/", true)]
    [InlineData("b5: { endpoint: 'minio:9000', are_local_buckets: true }", "https://minio:9000/", false)]
    public void Tls_and_path_style_follow_museums_rules(string yaml, string address, bool usesPathStyle)
    {
        var slot = Read(yaml).Find("b5")!;

        Assert.Equal(address, slot.Address!.AbsoluteUri);
        Assert.Equal(usesPathStyle, slot.UsesPathStyle);
    }

    [Fact]
    public void All_legal_slots_are_known_and_only_those_with_a_bucket_are_configured()
    {
        var slots = Read("b6: { bucket: six }, scw-eu-fr: { bucket: no }, b2-eu-cen: { bucket: main }");

        Assert.Equal(["b2-eu-cen", "b6"], slots.Configured.Select(slot => slot.Name));
        Assert.Null(slots.Find("scw-eu-fr"));
        Assert.Equal("b2-eu-cen", slots.HotPrimary.Name);
        Assert.Equal("wasabi-eu-central-2-v3", slots.HotSecondary.Name);
    }

    [Theory]
    [InlineData("hot_storage: { primary: b5, secondary: b6 }", "b5", false)]
    [InlineData("hot_storage: { primary: b5 }", "b2-eu-cen", true)]
    [InlineData("hot_storage: { primary: b5, secondary: my-bucket }", "b2-eu-cen", true)]
    public void Hot_storage_counts_only_when_both_names_are_known(string yaml, string primary, bool isIgnored)
    {
        var slots = Read(yaml);

        Assert.Equal(primary, slots.HotPrimary.Name);
        Assert.Equal(isIgnored, slots.IsHotStorageIgnored);
    }

    [Fact]
    public void Each_kind_of_object_has_its_slot()
    {
        var slots = Read(
            "derived-storage: b5, file-data-config: { mldata: { primaryBucket: b6 } }, attachment-config: { profile_picture: { "
            + "primaryBucket: wasabi-eu-central-2 } }");

        Assert.Equal("b2-eu-cen", slots.StorageFor(ObjectKind.File).Name);
        Assert.Equal("b2-eu-cen", slots.StorageFor(ObjectKind.Thumbnail).Name);
        Assert.Equal("b6", slots.StorageFor(ObjectKind.MlData).Name);
        Assert.Equal("b5", slots.StorageFor(ObjectKind.VideoPlaylist).Name);
        Assert.Equal("b5", slots.StorageFor(ObjectKind.ImagePreview).Name);
        Assert.Equal("wasabi-eu-central-2", slots.StorageFor(ObjectKind.ProfilePicture).Name);
        Assert.Equal("b2-eu-cen", Read("derived-storage: b5").StorageFor(ObjectKind.ProfilePicture).Name);
    }

    [Fact]
    public void Variables_do_not_reach_the_slots_of_file_data() =>
        Assert.Equal("b2-eu-cen", Read("", new EnvironmentVariable("ENTE_S3_FILE_DATA_CONFIG_MLDATA_PRIMARYBUCKET", "b6", "x"))
            .StorageFor(ObjectKind.MlData).Name);

    [Fact]
    public void The_slot_that_the_row_names_comes_first_and_no_slot_twice()
    {
        var slots = Read("b5: { bucket: five }, b6: { bucket: six }, b2-eu-cen: { bucket: main }");

        Assert.Equal(
            ["b6", "b2-eu-cen", "b5"], slots.SearchOrder(SlotNames.Parse("scw-eu-fr,b6"), ObjectKind.File).Select(slot => slot.Name));
    }

    [Theory]
    [InlineData("endpoint: 'not an address'", "s3.b5.endpoint (museum.yaml line 1) is `not an address`")]
    [InlineData("endpoint: '<your endpoint>'", "s3.b5.endpoint (museum.yaml line 1)")]
    [InlineData("region: 'eu central'", "s3.b5.region (museum.yaml line 1) is `eu central`")]
    [InlineData("region: eu_central_1", "s3.b5.region")]
    [InlineData("region: n/a", "s3.b5.region")]
    public void A_value_that_cannot_be_used_is_named_and_costs_its_slot_only(string yaml, string named)
    {
        var slots = Read("b5: { bucket: five, " + yaml + " }, b6: { bucket: six, endpoint: 'e:1', region: eu-central-2 }");

        Assert.Equal(["b6"], slots.Configured.Select(slot => slot.Name));
        Assert.Contains(named, Assert.Single(slots.Unusable).Unusable);
    }

    [Theory]
    [InlineData("n/a")]
    [InlineData("eu central")]
    public void A_region_that_is_no_name_costs_nothing_where_an_endpoint_is_given(string region)
    {
        var slots = Read($"b5: {{ bucket: five, endpoint: 'e:1', region: {region} }}");

        var slot = Assert.Single(slots.Configured);
        Assert.Empty(slots.Unusable);
        Assert.Equal("", slot.Region);
        Assert.Contains($"s3.b5.region (museum.yaml line 1) is `{region}`", Assert.Single(slots.WithoutRegion).UnusedRegion);
    }

    [Fact]
    public void A_slots_text_holds_no_key()
    {
        var slot = Read("b5: { bucket: b, key: AKIA, secret: hush, endpoint: 'e:1' }").Find("b5")!;

        Assert.Equal("b5 (bucket b at e:1)", slot.ToString());
        Assert.Equal(("AKIA", "hush"), (slot.AccessKey, slot.SecretKey));
    }
}
