using System.Text.Json.Nodes;

namespace Nestegg.TestKit.Sample;

/// <summary>What an account holds that was begun with the first apps, in the formats of those days.</summary>
internal static class OldAccount
{
    public static async Task FillAsync(SampleActions act, SamplePerson owner, CancellationToken cancellationToken)
    {
        var camera = await act.Library.AddAlbumAsync(
            owner, new("Camera / 2019") { Type = "folder", DevicePath = "DCIM/Camera", IsOldStyle = true, Folder = "Camera _ 2019" },
            cancellationToken);
        // Neither hash nor time of modification; the place as text; a caption that was typed as a number.
        await act.Library.UploadAsync(camera, owner, act.Media.Photo("DSC_0001.jpg") with
        {
            IsOldStyle = true,
            Hash = "",
            Location = (46.5, 6.6),
            Edits = new() { Caption = "2009" },
        }, cancellationToken);
        await act.Library.UploadAsync(camera, owner, act.Media.Photo("DSC_0002.jpg") with { IsOldStyle = true }, cancellationToken);
        await act.Library.UploadAsync(
            camera, owner, act.Media.LivePhoto("IMG_0003.jpg", ".mov") with { IsOldStyle = true }, cancellationToken);
        // Its hash is that of the whole zip.
        var zip = act.Media.LivePhoto("IMG_0004.jpg", ".mov");
        await act.Library.UploadAsync(
            camera, owner, zip with { IsOldStyle = true, Hash = SampleMedia.Hash(zip.Content) }, cancellationToken);
        await act.Extras.AddAuthCodesAsync(
            owner, ["otpauth://totp/Old:dov?secret=JBSWY3DPEHPK3PXP&issuer=Old"], cancellationToken, isOldStyle: true);
        var place = new JsonObject { ["latitude"] = 1.5, ["longitude"] = 2.5 };
        await act.Extras.AddEntityAsync(
            owner, "location", new JsonObject { ["name"] = "Home", ["radius"] = 1, ["centerPoint"] = place }, cancellationToken);
    }
}
