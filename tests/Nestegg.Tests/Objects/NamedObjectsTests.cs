using Microsoft.Data.Sqlite;
using Nestegg.Ente.Database;
using Nestegg.Ente.Objects;

namespace Nestegg.Tests.Objects;

public sealed class NamedObjectsTests : IDisposable
{
    private const string ObjectKeys =
        "CREATE TABLE object_keys (file_id INTEGER, o_type TEXT, object_key TEXT, size INTEGER, datacenters TEXT, is_deleted INTEGER)";
    private const string FileData = """
        CREATE TABLE file_data (file_id INTEGER, user_id INTEGER, data_type TEXT, size INTEGER, latest_bucket TEXT, replicated_buckets TEXT,
            is_deleted INTEGER, pending_sync INTEGER, updated_at INTEGER, obj_id TEXT, obj_size INTEGER)
        """;

    private readonly SqliteConnection connection = new("Data Source=:memory:");

    public NamedObjectsTests() => connection.Open();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => connection.Dispose();

    [Fact]
    public async Task Originals_and_thumbnails_are_named_deleted_ones_too()
    {
        await RunAsync(ObjectKeys + """
            ; INSERT INTO object_keys VALUES
            (7, 'file', '42/aaaa', 1000, '{b2-eu-cen}', 0),
            (7, 'thumbnail', '42/bbbb', 10, '{wasabi-eu-central-2-v3,b2-eu-cen}', NULL),
            (8, 'file', '42/cccc', 2000, '{}', 1)
            """);
        Assert.Equal(
            [
                new("42/aaaa", ObjectKind.File, 1000, null, SlotNames.Parse("b2-eu-cen"), false, 42, 7),
                new("42/bbbb", ObjectKind.Thumbnail, 10, null, SlotNames.Parse("wasabi-eu-central-2-v3,b2-eu-cen"), false, 42, 7),
                new("42/cccc", ObjectKind.File, 2000, null, SlotNames.None, true, 42, 8),
            ],
            await AllAsync());
    }

    [Fact]
    public async Task A_type_that_is_not_known_yet_counts_as_a_file()
    {
        await RunAsync(ObjectKeys + "; INSERT INTO object_keys VALUES (7, 'hologram', 'odd key', 1, '{b7}', 0)");
        Assert.Equal([new("odd key", ObjectKind.File, 1, null, SlotNames.Parse("b7"), false, null, 7)], await AllAsync());
    }

    [Theory]
    [InlineData("NULL")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("5497558138881")]
    [InlineData("9223372036854775807")]
    public async Task A_length_that_no_object_has_is_none_that_is_stated(string size)
    {
        await RunAsync(ObjectKeys + $"; INSERT INTO object_keys VALUES (7, 'file', '42/aaaa', {size}, '{{b7}}', 0)");
        var named = Assert.Single(await AllAsync());
        Assert.Equal((NamedObject.Impossible, 0), (named.SizeBytes, named.CountedBytes));
    }

    [Fact]
    public async Task Derived_data_is_named_by_its_type()
    {
        await RunAsync(FileData + """
            ; INSERT INTO file_data VALUES
            (7, 42, 'mldata', 900, 'b2-eu-cen', '{}', 0, 1, 1700000000000001, NULL, NULL),
            (7, 42, 'vid_preview', 5300, 'b5', '{b6,b5}', 0, 0, 1700000000000002, 'pv_x', 5000),
            (7, 42, 'img_preview', 70, 'b5', '{}', 0, 0, 1700000000000003, 'pi_x', 60)
            """);
        Assert.Equal(
            [
                new("42/file-data/7/mldata", ObjectKind.MlData, 900, 1700000000000001, SlotNames.Parse("b2-eu-cen"), false, 42, 7),
                new("42/file-data/7/vid_preview/pv_x", ObjectKind.VideoPreview, 5000, null, SlotNames.Parse("b5,b6"), false, 42, 7),
                new("42/file-data/7/vid_preview/pv_x_playlist", ObjectKind.VideoPlaylist, 300, null, SlotNames.Parse(
                    "b5,b6"), false, 42, 7),
                new("42/file-data/7/img_preview/pi_x", ObjectKind.ImagePreview, 60, null, SlotNames.Parse("b5"), false, 42, 7),
            ],
            await AllAsync());
    }

    [Fact]
    public async Task Derived_data_whose_bytes_are_gone_for_good_is_not_named()
    {
        await RunAsync(FileData + """
            ; INSERT INTO file_data VALUES
            (1, 42, 'mldata', 900, 'b2-eu-cen', '{}', 1, 1, 5, NULL, NULL),
            (2, 42, 'mldata', 900, 'b2-eu-cen', '{}', 1, 0, 6, NULL, NULL),
            (3, 42, 'vid_preview', 900, 'b2-eu-cen', '{}', 0, 0, 7, NULL, NULL)
            """);
        Assert.Equal(
            [new("42/file-data/1/mldata", ObjectKind.MlData, 900, 5, SlotNames.Parse("b2-eu-cen"), true, 42, 1)], await AllAsync());
    }

    [Theory]
    [InlineData("NULL", null, null)]
    [InlineData("400", 400L, 0L)]
    [InlineData("999", 999L, null)]
    public async Task A_size_that_the_row_does_not_state_is_not_known(string objectSize, long? media, long? playlist)
    {
        await RunAsync(
            FileData + $"; INSERT INTO file_data VALUES (3, 42, 'vid_preview', 400, 'b5', '{{}}', 0, 0, 7, 'pv_y', {objectSize})");
        Assert.Equal([media, playlist], (await AllAsync()).Select(named => named.SizeBytes));
    }

    [Fact]
    public async Task Before_previews_had_ids_there_is_only_machine_learning_data()
    {
        await RunAsync("""
            CREATE TABLE file_data (file_id INTEGER, user_id INTEGER, data_type TEXT, size INTEGER, latest_bucket TEXT, replicated_buckets TEXT, is_deleted INTEGER, pending_sync INTEGER, updated_at INTEGER);
            INSERT INTO file_data VALUES (7, 42, 'mldata', 900, 'b5', '{}', 0, 0, 5), (7, 42, 'vid_preview', 900, 'b5', '{}', 0, 0, 5)
            """);
        Assert.Equal(["42/file-data/7/mldata"], (await AllAsync()).Select(named => named.Key));
    }

    [Fact]
    public async Task Pictures_of_contacts_are_named()
    {
        await RunAsync("""
            CREATE TABLE user_attachments (attachment_id TEXT, user_id INTEGER, attachment_type TEXT, size INTEGER, latest_bucket TEXT, replicated_buckets TEXT, is_deleted INTEGER, pending_sync INTEGER);
            INSERT INTO user_attachments VALUES ('ua_1', 42, 'profile_picture', 5, 'b5', '{}', 0, 0), ('ua_2', 42, 'profile_picture', 6, 'b5', '{}', 1, 0), ('ua_3', 42, 'profile_picture', 7, 'b5', '{}', 1, 1)
            """);
        Assert.Equal(
            [
                new("42/user-attachments/profile_picture/ua_1", ObjectKind.ProfilePicture, 5, null, SlotNames.Parse("b5"), false, 42, null),
                new("42/user-attachments/profile_picture/ua_3", ObjectKind.ProfilePicture, 7, null, SlotNames.Parse("b5"), true, 42, null),
            ],
            await AllAsync());
    }

    [Fact]
    public async Task An_empty_database_names_nothing() => Assert.Empty(await AllAsync());

    [Fact]
    public async Task The_catalog_says_what_is_there()
    {
        await RunAsync(
            "CREATE TABLE schema_migrations (version INTEGER, dirty INTEGER); INSERT INTO schema_migrations VALUES (93, 1); CREATE TABLE "
            + "files (file_id INTEGER, info TEXT); INSERT INTO files VALUES (1, NULL), (2, NULL)");
        var catalog = await EnteCatalog.ReadAsync(connection, Token);
        Assert.Equal((93, true), (catalog.SchemaVersion, catalog.SchemaDirty));
        Assert.Equal(["file_id", "info"], catalog.Columns("files").Order());
        Assert.True(catalog.HasColumn("files", "info"));
        Assert.False(catalog.HasColumn("trash", "file_id"));
        Assert.Equal("NULL", catalog.ColumnOr("files", "magic_metadata"));
        Assert.Equal([
            new("files", 2), new("schema_migrations", 1)
        ], await catalog.CountRowsAsync(connection, ["files", "reactions", "schema_migrations"], Token));
    }

    private async Task RunAsync(string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<List<NamedObject>> AllAsync()
    {
        var all = new List<NamedObject>();
        await foreach (var named in NamedObjects.ReadAsync(connection, Token))
        {
            all.Add(named);
        }

        return all;
    }
}
