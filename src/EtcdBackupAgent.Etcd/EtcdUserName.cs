namespace EtcdBackupAgent.Etcd;

/// <summary>
/// Handles user names that contain a password. etcdctl takes user and password as one text, <c>root:password</c>; the
/// agent takes them separately. A name with a colon is most likely both, so the part after the colon is never shown.
/// </summary>
public static class EtcdUserName
{
    /// <summary>Returns the name for messages, without a password.</summary>
    public static string Display(string user) => ContainsPassword(user) ? $"{NameOf(user)}:…" : user;

    /// <summary>Returns a hint on where the password belongs; null if the name does not seem to contain one.</summary>
    public static string? PasswordHint(string? user) => user is not null && ContainsPassword(user)
        ? "The name of the etcd user has a colon. Unlike in etcdctl, the password is not part of it: "
            + $"give only the name ('{NameOf(user)}'), and put the password into the environment variable "
            + "ETCD_PASSWORD."
        : null;

    private static bool ContainsPassword(string user) => user.Contains(':', StringComparison.Ordinal);

    private static string NameOf(string user) => user[..user.IndexOf(':', StringComparison.Ordinal)];
}
