using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.KeySpaces;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The key spaces that are compared, open until this is disposed.</summary>
internal sealed class ComparedSides : IDisposable
{
    private readonly List<KeySpace> _opened = [];

    private ComparedSides()
    {
    }

    /// <summary>The key spaces, in the order of the words.</summary>
    public IReadOnlyList<KeySpace> Opened => _opened;

    /// <summary>Opens the sides that words name, one after the other. The repository is opened once.</summary>
    /// <exception cref="BackupException">As for <see cref="KeySpace"/>.</exception>
    public static async Task<ComparedSides> OpenAsync(
        ParseResult parsed, ObjectAccess access, IEnumerable<string> words, CancellationToken cancellationToken)
    {
        ComparedWord[] sides =
            [.. words.Select(word => ComparedWord.Parse(word, access.Repository.ReadPolicyName(parsed)))];
        using OpenedRepository? opened = sides.Any(side => side.File is null)
            ? await access.Repository.OpenAsync(parsed, cancellationToken)
            : null;
        using OpenedKeys? keys =
            opened is null ? null : await access.ReadKeysAsync(parsed, opened, cancellationToken);
        ComparedSides result = new();
        try
        {
            foreach (ComparedWord side in sides)
            {
                result._opened.Add(side.File is { } file
                    ? KeySpace.OfFile(file, revision: null)
                    : await access.OpenAsync(parsed, opened!, keys!, side.Selection!, cancellationToken));
            }

            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Closes the databases.</summary>
    public void Dispose() => _opened.ForEach(keys => keys.Dispose());
}
