namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>A field that the table does not have: the object was written by a newer server.</summary>
/// <param name="Message">The message that contains it, such as <c>k8s.io.api.core.v1.PodSpec</c>.</param>
/// <param name="Number">The number of the field.</param>
/// <param name="Encoded">Its bytes, tag and length included.</param>
public sealed record UnknownField(string Message, int Number, ReadOnlyMemory<byte> Encoded);
