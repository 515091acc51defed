using System.Globalization;
using EtcdBackupAgent.Mutation.Mutants;
using EtcdBackupAgent.Mutation.Sources;
using EtcdBackupAgent.Mutation.Testing;

namespace EtcdBackupAgent.Mutation;

/// <summary>
/// <c>bench/mutate</c>: changes single expressions and statements of src, and counts the changes that make a fast test
/// fail.
/// </summary>
/// <param name="pattern">The files, as <see cref="WorkTree.SourcesAsync"/> takes it.</param>
/// <param name="seed">The seed of the choice.</param>
/// <param name="count">The number of mutants to choose.</param>
/// <param name="only">The IDs of the chosen mutants that are tested; all if it is empty.</param>
/// <param name="output">Where the lines are printed.</param>
internal sealed class MutationRun(
    string pattern, int seed, int count, IReadOnlyCollection<int> only, TextWriter output)
{
    /// <summary>Test processes that run in parallel; each one already uses two threads.</summary>
    private const int TestRunsInFlightMax = 2;

    /// <summary>Measures, and prints one line for each mutant and the sum.</summary>
    /// <remarks>
    /// 1. Copy the tree.
    /// 2. Compile the projects in memory, find the places that can be mutated, and choose some whose mutant compiles.
    /// 3. Write all chosen mutants into the copy: each is behind a switch that an environment variable turns on
    /// ("mutant schemata"), so that one build is enough.
    /// 4. Build the copy.
    /// 5. Run all fast tests without a mutant; they must pass, and their time limits the time with one.
    /// 6. For each mutant, run the tests of its folder, and then all others if these pass.
    /// 7. Print the sum.
    /// </remarks>
    /// <exception cref="MutationException">
    /// The pattern matches no code that can be mutated, the copy cannot be built, or the tests fail without a mutant.
    /// </exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using WorkTree tree = await WorkTree.CopyAsync(cancellationToken);
        IReadOnlyList<string> files = await tree.SourcesAsync(pattern, cancellationToken);
        if (files.Count == 0)
        {
            throw new MutationException($"no C# file under src/ matches '{pattern}'");
        }

        // 2
        Projects projects = new(tree);
        await tree.RestoreAsync(cancellationToken);
        MutantChoice choice = new(projects);
        IReadOnlyList<Mutant> mutants = await choice.MakeAsync(files, seed, count, cancellationToken);
        if (mutants.Count == 0)
        {
            throw new MutationException($"the files that match '{pattern}' have no code that can be mutated");
        }

        await output.WriteLineAsync(
            $"{choice.Candidates} candidates in {files.Count} files; seed {seed}: {mutants.Count} mutants, "
            + $"{choice.Dropped} others did not compile");

        if (only.Count > 0)
        {
            mutants = [.. mutants.Where(mutant => only.Contains(mutant.Id))];
        }

        if (mutants.Count == 0)
        {
            throw new MutationException("none of the chosen mutants has a requested ID");
        }

        // 3
        foreach (IGrouping<string, Mutant> ofProject in mutants.GroupBy(mutant => mutant.Project))
        {
            (await projects.GetAsync(ofProject.Key, cancellationToken)).Write(ofProject);
        }

        // 4
        await tree.BuildTestsAsync(cancellationToken);

        // 5
        FastTests tests = new(tree);
        await output.WriteLineAsync($"{await tests.RunUnmutatedAsync(cancellationToken)} without a mutant");

        // 6
        int survived = 0;
        ParallelOptions parallel = new()
        {
            MaxDegreeOfParallelism = TestRunsInFlightMax,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForEachAsync(mutants, parallel, async (mutant, token) =>
        {
            TestVerdict verdict = await tests.RunAsync(mutant, token);
            lock (output)
            {
                survived += verdict.IsKilled ? 0 : 1;
                output.WriteLine($"{mutant}  {verdict}");
            }
        });

        // 7
        int killed = mutants.Count - survived;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{mutants.Count} mutants, {killed} killed, {survived} survived ({100.0 * killed / mutants.Count:0} %)"));
    }
}
