using EtcdBackupAgent.Archive.Signatures;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary>Shows the signers of a repository.</summary>
internal static class SignerText
{
    public static void Write(IAnsiConsole console, IReadOnlyList<SshPublicKey> signers)
    {
        foreach (SshPublicKey signer in signers)
        {
            console.WriteLine($"signer    {signer.Fingerprint}");
        }

        if (signers.Count > 0)
        {
            console.WriteLine("Keep these lines where the identity or the passphrase is, for --signer on a bad day:");
            foreach (SshPublicKey signer in signers)
            {
                console.WriteLine($"agent {signer}");
            }
        }
    }
}
