namespace EtcdBackupAgent.Core.Secrets;

/// <summary>The environment variables that contain secrets.</summary>
public static class SecretVariables
{
    /// <summary>The passphrase of the repository.</summary>
    public const string Passphrase = "ETCD_BACKUP_PASSPHRASE";

    /// <summary>The private key that signs the documents of the repository, in PEM.</summary>
    public const string SigningKey = "ETCD_BACKUP_SIGNING_KEY";

    /// <summary>The public part of the store's credentials, as the AWS tools read it.</summary>
    public const string AwsAccessKey = "AWS_ACCESS_KEY_ID";

    /// <summary>The secret part of the store's credentials, as the AWS tools read it.</summary>
    public const string AwsSecretKey = "AWS_SECRET_ACCESS_KEY";
}
