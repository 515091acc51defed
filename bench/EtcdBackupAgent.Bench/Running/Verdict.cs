namespace EtcdBackupAgent.Bench.Running;

/// <summary>One thing that must hold, and whether it does.</summary>
internal sealed record Verdict(bool Holds, string Fact)
{
    public override string ToString() => $"{(Holds ? "PASS" : "FAIL")}  {Fact}";
}
