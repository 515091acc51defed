using EtcdBackupAgent.Mutation.Sources;

namespace EtcdBackupAgent.Mutation.Mutants;

/// <summary>Chooses mutants at random, each candidate with the same probability.</summary>
internal sealed class MutantChoice(Projects projects)
{
    /// <summary>The number of candidates in all files.</summary>
    public int Candidates { get; private set; }

    /// <summary>The number of candidates that were not chosen because they do not compile.</summary>
    public int Dropped { get; private set; }

    /// <summary>
    /// Returns mutants that compile and do not overlap: as many as wanted, or fewer if there are not as many. The same
    /// files, seed and count give the same mutants.
    /// </summary>
    public async Task<IReadOnlyList<Mutant>> MakeAsync(
        IReadOnlyList<string> files, int seed, int count, CancellationToken cancellationToken)
    {
        List<(string File, Candidate Candidate)> found = [];
        foreach (string file in files)
        {
            Project project = await projects.GetAsync(Mutant.ProjectOf(file), cancellationToken);
            found.AddRange(new CandidateSearch(project.Read(file)).Find().Select(candidate => (file, candidate)));
        }

        Candidates = found.Count;
        (string File, Candidate Candidate)[] shuffled = [.. found];
        new Random(seed).Shuffle(shuffled);

        List<Mutant> mutants = [];
        foreach ((string file, Candidate candidate) in shuffled.TakeWhile(_ => mutants.Count < count))
        {
            Mutant mutant = new(mutants.Count + 1, file, candidate);
            if (mutants.Exists(other => other.Candidate.Overlaps(candidate)))
            {
                continue;
            }

            if ((await projects.GetAsync(mutant.Project, cancellationToken)).Compiles(mutant, cancellationToken))
            {
                mutants.Add(mutant);
            }
            else
            {
                Dropped++;
            }
        }

        return mutants;
    }
}
