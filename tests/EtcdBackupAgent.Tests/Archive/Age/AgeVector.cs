using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>An age file and the expected result of reading it.</summary>
/// <param name="Name">The file name without <c>.age</c>.</param>
/// <param name="Failure">
/// The expected failure. Null if the file opens and has <paramref name="PlainBytes"/> bytes of
/// <see cref="AgeVectorContent"/>.
/// </param>
/// <param name="PlainBytes">
/// The size of the content. For a file that fails: the number of bytes that are returned before the failure.
/// </param>
/// <param name="File">The bytes of the file.</param>
internal sealed record AgeVector(string Name, AgeFailure? Failure, int PlainBytes, byte[] File)
{
    /// <summary>
    /// Every vector is opened with <see cref="AgeVectorContent.Identity"/>, this passphrase, and
    /// <see cref="PostQuantumVectorContent.Identity"/>.
    /// </summary>
    public const string Passphrase = "of the vectors";

    public override string ToString() => Name;
}
