namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Writes a pax archive member by member.</summary>
internal sealed class PaxWriter(Stream target)
{
    private static readonly byte[] Zeros = new byte[2 * UstarField.BlockBytes];

    /// <summary>Writes a member.</summary>
    /// <param name="member">The member; its size must be that of the content.</param>
    /// <param name="content">The content; null for a member without content.</param>
    /// <param name="cancellationToken">If cancelled, the member in the target is incomplete.</param>
    public async Task WriteAsync(TarMember member, Stream? content, CancellationToken cancellationToken)
    {
        await target.WriteAsync(TarHeader.Write(member), cancellationToken);
        if (content is null)
        {
            return;
        }

        await content.CopyToAsync(target, cancellationToken);
        int padding = (int)(TarHeader.Padded(member.SizeBytes) - member.SizeBytes);
        await target.WriteAsync(Zeros.AsMemory(0, padding), cancellationToken);
    }

    /// <summary>Writes the end of the archive: two blocks of zeros.</summary>
    public async Task EndAsync(CancellationToken cancellationToken) =>
        await target.WriteAsync(Zeros, cancellationToken);
}
