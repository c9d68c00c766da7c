using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Nestegg.Stores.S3;

/// <summary>A server's certificate is none that this machine trusts. The framework says so in the words of a message only.</summary>
internal sealed class UntrustedServerException(string message) : AuthenticationException(message)
{
    /// <summary>Trusts what this machine trusts; a <see cref="RemoteCertificateValidationCallback"/>.</summary>
    public static bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        var problems = (chain?.ChainStatus ?? []).Select(status => status.Status.ToString()).Distinct().DefaultIfEmpty("no more is known");
        throw new UntrustedServerException($"its certificate is not accepted ({errors}: {string.Join(", ", problems)})");
    }
}
