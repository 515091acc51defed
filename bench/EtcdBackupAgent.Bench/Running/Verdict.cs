namespace EtcdBackupAgent.Bench.Running;

/// <summary>One thing that must hold, and whether it does.</summary>
internal sealed record Verdict(bool Holds, string Fact)
{
    /// <summary>A Markdown list of what was aimed at, an item a line.</summary>
    public static string List(IEnumerable<Verdict> aims) =>
        string.Concat(aims.Select(aim => $"- {(aim.Holds ? "Reached" : "Not reached")}: {aim.Fact}.\n"));

    public override string ToString() => $"{(Holds ? "PASS" : "FAIL")}  {Fact}";
}
