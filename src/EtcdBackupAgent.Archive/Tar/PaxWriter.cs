namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Writes a pax archive, member after member.</summary>
internal sealed class PaxWriter(Stream target)
{
    private static readonly byte[] Zeros = new byte[2 * UstarField.BlockBytes];

    /// <param name="member">Its size is that of the content.</param>
    /// <param name="content">Null for none.</param>
    /// <param name="cancellationToken">Leaves the archive in the middle of the member.</param>
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

    /// <summary>Two blocks of zeros.</summary>
    public async Task EndAsync(CancellationToken cancellationToken) =>
        await target.WriteAsync(Zeros, cancellationToken);
}
