namespace EtcdBackupAgent.Mutation;

/// <summary>The measurement is impossible; the message says why.</summary>
internal sealed class MutationException(string message) : Exception(message);
