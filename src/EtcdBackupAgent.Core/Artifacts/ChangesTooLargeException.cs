namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>The changes have more stored bytes than they may have; nothing was stored.</summary>
internal sealed class ChangesTooLargeException() : Exception("The changes are larger than they may be.");
