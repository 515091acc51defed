namespace EtcdBackupAgent.Mutation.Testing;

/// <summary>What the tests found out about a mutant.</summary>
/// <param name="KilledBy">The first test that failed; null if all passed.</param>
/// <param name="IsTimeout">The tests took several times as long as without a mutant.</param>
internal sealed record TestVerdict(string? KilledBy, bool IsTimeout = false)
{
    public bool IsKilled => IsTimeout || KilledBy is not null;

    public override string ToString() =>
        IsTimeout ? "timeout" : KilledBy is null ? "survived" : $"killed by {KilledBy}";
}
