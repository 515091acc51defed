using System.Diagnostics;

namespace EtcdBackupAgent.Core.Backups;

/// <summary>
/// The spans of a backup: one for the whole, and one each for the database, the certificates, the commit, the
/// verification and the retention. They cost nothing without a listener (<c>docs/monitoring.md</c>, "OTLP").
/// </summary>
public static class BackupTrace
{
    public const string SourceName = "EtcdBackupAgent";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Starts a span, which ends when it is disposed; returns null if there is no listener.</summary>
    public static Activity? Start(string name) => Source.StartActivity(name);
}
