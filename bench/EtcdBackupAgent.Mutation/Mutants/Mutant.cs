using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Mutation.Mutants;

/// <summary>A chosen change.</summary>
/// <param name="Id">Its number in this run, from 1.</param>
/// <param name="File">The path below the root of the repository.</param>
/// <param name="Candidate">The change.</param>
internal sealed partial record Mutant(int Id, string File, Candidate Candidate)
{
    private const int TextLengthMax = 60;

    /// <summary>The project's directory in src, which is also its namespace.</summary>
    public string Project => ProjectOf(File);

    /// <summary>The code with both behaviours.</summary>
    public string SwitchedText => Candidate.Template.Replace(
        Candidate.Switch, MutantSwitch.Condition(Project, Id), StringComparison.Ordinal);

    private int Line => Candidate.Node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    /// <summary>Returns the project of a file in src.</summary>
    public static string ProjectOf(string file) => file.Split('/')[1];

    public override string ToString() =>
        $"{Id,3}  {File}:{Line}  {Short(Candidate.Node.ToString())} → {Short(Candidate.Mutated)}";

    private static string Short(string code)
    {
        string line = WhiteSpace().Replace(code, " ");
        return line.Length <= TextLengthMax ? line : $"{line[..(TextLengthMax - 1)]}…";
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WhiteSpace();
}
