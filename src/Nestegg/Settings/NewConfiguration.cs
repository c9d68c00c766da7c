using System.Text;
using Nestegg.Formats.Age;
using Nestegg.Formats.Minisign;

namespace Nestegg.Settings;

/// <summary>The nestegg.yaml that <c>init</c> writes.</summary>
internal static class NewConfiguration
{
    private const string Retention = """
        # What nestegg forget keeps; without any rule it forgets nothing.
        # retention:
        #   time-zone: Europe/Berlin
        #   keep-last: 10
        #   keep-daily: 30
        #   keep-weekly: 8
        #   keep-monthly: 24
        #   keep-yearly: unlimited

        """;

    /// <param name="signingKeyFile">From the configuration's own folder on.</param>
    /// <param name="recipients">Who can open the backups.</param>
    public static string Text(
        SetupRequest request, string signingKeyFile, MinisignPublicKey signingKey, IEnumerable<AgeRecipient> recipients)
    {
        var text = new StringBuilder("# Nestegg's configuration; nestegg help configuration describes every key.\n");
        text.Append("instance:\n").Append($"  folder: {Quoted(request.InstanceFolder)}\n");
        if (request.InstanceName.Length > 0)
        {
            text.Append($"  name: {Quoted(request.InstanceName)}\n");
        }

        text.Append(request.MuseumYaml is { } museum ? $"  museum-yaml: {Quoted(museum)}\n" : "")
            .Append(request.CredentialsYaml is { } credentials ? $"  credentials-yaml: {Quoted(credentials)}\n" : "");
        AppendList("  compose-files", request.ComposeFiles);
        AppendList("  env-files", request.EnvironmentFiles);
        AppendList("map", request.Map);
        text.Append($"repository: {Quoted(request.RepositoryLocation)}\n");
        text.Append($"signing-key: {Quoted(signingKeyFile)}\n").Append($"signing-public-key: {Quoted(signingKey.ToString())}\n");
        AppendList("recipients", recipients.Select(recipient => recipient.ToString()));
        if (request.NewIdentityPath is { } identity)
        {
            text.Append($"identity-made-at: {Quoted(identity)}\n");
        }

        return text.Append(Retention).ToString();

        void AppendList(string key, IEnumerable<string> items)
        {
            var lines = items.Select(item => $"{new string(' ', key.Length - key.TrimStart().Length)}  - {Quoted(item)}\n").ToArray();
            if (lines.Length > 0)
            {
                text.Append(key).Append(":\n").AppendJoin("", lines);
            }
        }
    }

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}
