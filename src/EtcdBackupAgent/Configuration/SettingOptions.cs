using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Configuration;

/// <summary>The options and variables for the settings that hints refer to.</summary>
internal static class SettingOptions
{
    /// <summary>Returns the options, such as <c>--scratch-dir or the variable TMPDIR</c>.</summary>
    public static string NameOf(Setting setting) => setting switch
    {
        Setting.ScratchDirectory => "--scratch-dir or the variable TMPDIR",
        Setting.Identity => "--passphrase-file or --identity-file",
        Setting.Policy => "--policy",
        Setting.Revision => "--revision, or SNAPSHOT@REVISION",
        Setting.ClusterToken => "--initial-cluster-token",
        Setting.ExpiresIn => "--expires-in",
        Setting.TakenAt => "--taken-at",
        Setting.ClusterId => "--cluster-id",
        Setting.HashCheck => "--skip-hash-check",
        Setting.Dependents => "--with-dependents",
        Setting.SigningKey => "--signing-key",
        Setting.AllowUnsigned => "--allow-unsigned",
        Setting.ObjectLock => "--object-lock and --object-lock-days",
        Setting.S3Region => "--s3-region or the variable AWS_REGION",
        Setting.S3Endpoint => "--s3-endpoint",
        Setting.S3CaCertificate => "--s3-ca-file or the variable AWS_CA_BUNDLE",
        Setting.S3KmsKey => "--s3-sse-kms-key-id",
        Setting.S3StorageClass => "--s3-storage-class",
        _ => throw new ArgumentOutOfRangeException(nameof(setting), setting, "This setting has no option."),
    };
}
