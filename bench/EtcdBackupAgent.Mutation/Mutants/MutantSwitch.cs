namespace EtcdBackupAgent.Mutation.Mutants;

/// <summary>The class that each mutated project gets, by which its code asks whether a mutant is on.</summary>
internal static class MutantSwitch
{
    /// <summary>The environment variable with the ID of the mutant that is on.</summary>
    public const string Variable = "ACTIVE_MUTANT";

    /// <summary>Returns the condition that a mutant is on, for code of a project.</summary>
    public static string Condition(string project, int id) => $"global::{project}.MutantSwitch.Is({id})";

    /// <summary>Returns the file for a project. Its namespace keeps it apart from those of other projects.</summary>
    public static string Source(string project) => $$"""
        #nullable enable
        namespace {{project}};

        internal static class MutantSwitch
        {
            private static readonly string? Active = System.Environment.GetEnvironmentVariable("{{Variable}}");

            private static readonly int Id = Active is null
                ? 0
                : int.Parse(Active, System.Globalization.CultureInfo.InvariantCulture);

            public static bool Is(int id) => Id == id;
        }

        """;
}
