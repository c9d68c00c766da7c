namespace Nestegg.TestKit.Sample;

/// <summary>Throws files away as the apps and museum do, and brings them back.</summary>
internal sealed class SampleTrash(SampleStorage storage, SampleLibrary library, SampleDerived derived, SampleClock clock)
{
    public async Task ThrowAwayAsync(SampleFile file, CancellationToken cancellationToken)
    {
        var now = clock.NextMicroseconds();
        await storage.ExecuteAsync(
            "UPDATE collection_files SET is_deleted = true, updation_time = $1 WHERE file_id = $2", cancellationToken, now, file.Id);
        await storage.InsertAsync("trash", cancellationToken,
            ("file_id", file.Id), ("user_id", file.Owner.UserId), ("collection_id", file.Albums[0].Id), ("created_at", now),
            ("updated_at", now),
            ("delete_by", clock.After(TimeSpan.FromDays(30))));
        file.IsInTrash = true;
    }

    /// <summary>An album and its owner's files in it; it stays as a tombstone, whose key opens them.</summary>
    public async Task ThrowAwayAlbumAsync(SampleAlbum album, CancellationToken cancellationToken)
    {
        foreach (var file in library.Files.Where(
            file => file is { IsInTrash: false, IsDeletedForGood: false } && file.Albums.Contains(album)))
        {
            await ThrowAwayAsync(file, cancellationToken);
        }

        await storage.ExecuteAsync("UPDATE collections SET is_deleted = true, updation_time = $1 WHERE collection_id = $2",
            cancellationToken, clock.NextMicroseconds(), album.Id);
        await storage.ExecuteAsync("UPDATE collection_shares SET is_deleted = true, updation_time = $1 WHERE collection_id = $2",
            cancellationToken, clock.NextMicroseconds(), album.Id);
        album.IsDeleted = true;
    }

    /// <summary>Taken back from the trash into an album.</summary>
    public async Task TakeBackAsync(SampleFile file, SampleAlbum album, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync("UPDATE trash SET is_restored = true WHERE file_id = $1", cancellationToken, file.Id);
        file.IsInTrash = false;
        file.Albums.Clear();
        await library.PutIntoAsync(file, album, cancellationToken);
    }

    /// <summary>
    /// Deleted for good: the rows say so, the deletion of the bytes is queued, and the bytes are still there; what was derived from it is
    /// gone at once.
    /// </summary>
    public async Task DeleteForGoodAsync(SampleFile file, CancellationToken cancellationToken)
    {
        await storage.ExecuteAsync("UPDATE trash SET is_deleted = true WHERE file_id = $1", cancellationToken, file.Id);
        await storage.ExecuteAsync("UPDATE object_keys SET is_deleted = true WHERE file_id = $1", cancellationToken, file.Id);
        await storage.ExecuteAsync(
            "INSERT INTO queue (queue_name, item) SELECT 'deleteObject', object_key FROM object_keys WHERE file_id = $1 ORDER BY o_type",
            cancellationToken, file.Id);
        await derived.RemoveAsync(file, cancellationToken);
        (file.IsInTrash, file.IsDeletedForGood) = (false, true);
    }

    /// <summary>What is left of a file months after that: its bytes and their rows are gone, its own row is emptied.</summary>
    public async Task ForgetAsync(SampleFile file, CancellationToken cancellationToken)
    {
        foreach (var key in await storage.TextsAsync("SELECT object_key FROM object_keys WHERE file_id = $1", cancellationToken, file.Id))
        {
            await storage.DeleteAsync(key, cancellationToken);
            await storage.ExecuteAsync("DELETE FROM object_copies WHERE object_key = $1", cancellationToken, key);
            await storage.ExecuteAsync(
                "UPDATE queue SET is_deleted = true WHERE queue_name = 'deleteObject' AND item = $1", cancellationToken, key);
        }

        await storage.ExecuteAsync("DELETE FROM object_keys WHERE file_id = $1", cancellationToken, file.Id);
        await storage.ExecuteAsync("""
            UPDATE files SET encrypted_metadata = '-', metadata_decryption_header = '-', file_decryption_header = '-',
                thumbnail_decryption_header = '-', magic_metadata = NULL, pub_magic_metadata = NULL, info = NULL WHERE file_id = $1
            """, cancellationToken, file.Id);
    }
}
