namespace EtcdBackupAgent.Bench.Running;

/// <summary>One requirement, and whether it holds.</summary>
internal sealed record Verdict(bool Holds, string Fact)
{
    /// <summary>Returns the aims as a Markdown list, one per line.</summary>
    public static string List(IEnumerable<Verdict> aims) =>
        string.Concat(aims.Select(aim => $"- {(aim.Holds ? "Reached" : "Not reached")}: {aim.Fact}.\n"));

    public override string ToString() => $"{(Holds ? "PASS" : "FAIL")}  {Fact}";
}
