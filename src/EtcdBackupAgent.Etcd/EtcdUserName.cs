namespace EtcdBackupAgent.Etcd;

/// <summary>
/// etcdctl takes user and password as one text, <c>root:password</c>; here they are given apart. So a name with a colon
/// is most likely both, and what follows the colon is never shown.
/// </summary>
public static class EtcdUserName
{
    /// <summary>The name as messages may show it.</summary>
    public static string Display(string user) => HoldsPassword(user) ? $"{NameOf(user)}:…" : user;

    /// <summary>Where the password goes; null if the name does not look as if it held one.</summary>
    public static string? PasswordHint(string? user) => user is not null && HoldsPassword(user)
        ? "The name of the etcd user has a colon. Unlike in etcdctl, the password is not part of it: "
            + $"name the user alone ('{NameOf(user)}'), and put the password into the environment variable "
            + "ETCD_PASSWORD."
        : null;

    private static bool HoldsPassword(string user) => user.Contains(':', StringComparison.Ordinal);

    private static string NameOf(string user) => user[..user.IndexOf(':', StringComparison.Ordinal)];
}
