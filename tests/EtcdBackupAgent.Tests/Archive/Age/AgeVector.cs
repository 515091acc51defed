using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>An age file and what must become of it.</summary>
/// <param name="Name">Of its file, without <c>.age</c>.</param>
/// <param name="Failure">Null: it opens, to <paramref name="PlainBytes"/> bytes of <see cref="AgeVectorContent"/>.</param>
/// <param name="PlainBytes">Of the content; of a file that fails, what may be given out before.</param>
/// <param name="File">The bytes.</param>
internal sealed record AgeVector(string Name, AgeFailure? Failure, int PlainBytes, byte[] File)
{
    /// <summary>Every vector is to be opened with both of these.</summary>
    public const string Passphrase = "of the vectors";

    public override string ToString() => Name;
}
