using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Configuration;

/// <summary>Reads <c>NAME</c> and <c>NAMESPACE/NAME</c>.</summary>
internal static class ResourceNameText
{
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, naming the option.</exception>
    public static ResourceName Parse(string option, string text) =>
        text.Split('/') switch
        {
            [{ Length: > 0 } name] => new ResourceName(ResourceName.NamespaceDefault, name),
            [{ Length: > 0 } @namespace, { Length: > 0 } name] => new ResourceName(@namespace, name),
            _ => throw new BackupException(
                FailureReason.InvalidInput,
                $"{option} '{text}' is neither NAME nor NAMESPACE/NAME."),
        };
}
