using System.CommandLine;
using System.CommandLine.Completions;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Comparing;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary>The option that includes what comparisons leave out otherwise.</summary>
internal sealed class NoiseOption
{
    private readonly Option<string[]> _include = new("--include")
    {
        Description = "Compare also what is left out otherwise: status, managed-fields, metadata (UID, generation, "
            + "resourceVersion, what was last applied), leases, events, endpoints; or all. Several are separated by "
            + "commas.",
        HelpName = "NAMES",
    };

    public NoiseOption() =>
        _include.CompletionSources.Add(_ => Noise.Names.Select(name => new CompletionItem(name)));

    public void AddTo(Command verb) => verb.Add(_include);

    /// <summary>Reads what is left out.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>, with the names.</exception>
    public Noise Read(ParseResult parsed) => Noise.Parse(_include.Name, parsed.GetValue(_include) ?? []);
}
