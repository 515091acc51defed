using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>The fields of resources for the settings that hints refer to.</summary>
public static class SettingFields
{
    /// <summary>Returns the field, such as <c>region of the BackupLocation</c>; null if no field sets it.</summary>
    public static string? NameOf(Setting setting) => setting switch
    {
        Setting.Revision => "revision of the MetadataRestore",
        Setting.ObjectLock => Field("objectLock"),
        Setting.S3Region => Field("region"),
        Setting.S3Endpoint => Field("url"),
        Setting.S3CaCertificate => Field("caCertificate"),
        Setting.S3KmsKey => Field("kmsKeyId"),
        Setting.S3StorageClass => Field("storageClass"),
        _ => null,
    };

    private static string Field(string name) => $"{name} of the BackupLocation";
}
