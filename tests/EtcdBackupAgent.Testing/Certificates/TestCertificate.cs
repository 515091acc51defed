namespace EtcdBackupAgent.Testing.Certificates;

/// <summary>A certificate and its key as PEM.</summary>
public sealed record TestCertificate(string CertificatePem, string KeyPem)
{
    /// <summary>Writes <c>NAME.crt</c> and <c>NAME.key</c>; only the owner can read the key.</summary>
    public TestCertificateFiles WriteTo(string directory, string name)
    {
        TestCertificateFiles files = new(
            Path.Combine(directory, $"{name}.crt"),
            Path.Combine(directory, $"{name}.key"));
        File.WriteAllText(files.Certificate, CertificatePem);
        File.WriteAllText(files.Key, KeyPem);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return files;
    }
}

/// <summary>The absolute paths of a certificate and its key.</summary>
public sealed record TestCertificateFiles(string Certificate, string Key);
