namespace EtcdBackupAgent.Core.Documents;

/// <summary>The starts of the names of a repository's objects, outside the folders of its snapshots.</summary>
internal static class ObjectRoots
{
    /// <summary>The repository's own documents.</summary>
    public const string Documents = "repository.";

    /// <summary>The repository's keys.</summary>
    public const string Keys = "keys/";

    /// <summary>The statements about snapshots.</summary>
    public const string Statements = "statements/";

    /// <summary>What the key of a signature has after that of its document.</summary>
    public const string SignatureEnd = ".sig";

    /// <summary>The change logs.</summary>
    public const string ChangeLog = "changelog/";
}
