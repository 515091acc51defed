namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>The bytes of an object cannot be decoded. It never leaves the project: an outcome has its message.
/// </summary>
internal sealed class DamagedObjectException(string problem) : Exception(problem);
