using System.Collections.Immutable;
using System.Text;
using EtcdBackupAgent.Mutation.Mutants;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace EtcdBackupAgent.Mutation.Sources;

/// <summary>One project of src, compiled in memory with its generated code and the switch of its mutants.</summary>
internal sealed class Project
{
    private readonly string _directory;
    private readonly string _name;
    private readonly CSharpCompilation _compilation;

    private Project(string name, string directory, CSharpCompilation compilation, IReadOnlyList<Project> referenced)
    {
        (_name, _directory, _compilation, Referenced) = (name, directory, compilation, referenced);
    }

    /// <summary>The projects that it refers to, directly or not.</summary>
    public IReadOnlyList<Project> Referenced { get; }

    /// <summary>Compiles a project from the arguments that the build gives to the compiler.</summary>
    /// <exception cref="MutationException">It does not compile.</exception>
    public static Project Compile(
        string name,
        string directory,
        CSharpCommandLineArguments arguments,
        IReadOnlyList<Project> referenced,
        CancellationToken cancellationToken)
    {
        CSharpParseOptions parsing = arguments.ParseOptions;
        IEnumerable<SyntaxTree> trees = arguments.SourceFiles
            .Select(file => Parse(File.ReadAllText(file.Path), parsing, file.Path))
            .Append(Parse(MutantSwitch.Source(name), parsing, SwitchPath(directory)));
        HashSet<string> assemblies = [.. referenced.Select(project => $"{project._compilation.AssemblyName}.dll")];
        IEnumerable<MetadataReference> references = arguments.MetadataReferences
            .Where(file => !assemblies.Contains(Path.GetFileName(file.Reference)))
            .Select(file => (MetadataReference)MetadataReference.CreateFromFile(file.Reference, file.Properties))
            .Concat(referenced.Select(project => project._compilation.ToMetadataReference()));
        CSharpCompilation compilation = CSharpCompilation.Create(
            arguments.CompilationName, trees, references, arguments.CompilationOptions);

        CSharpGeneratorDriver
            .Create(SourceGenerators.Load(arguments, directory), parseOptions: parsing)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation generated, out _, cancellationToken);
        Project project = new(name, directory, (CSharpCompilation)generated, referenced);
        project.RequireNoError(project._compilation.GetDiagnostics(cancellationToken));
        return project;
    }

    /// <summary>Returns the meaning of a file, by its path below the root of the copy.</summary>
    public SemanticModel Read(string file)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(_directory))!, file);
        return _compilation.GetSemanticModel(_compilation.SyntaxTrees.Single(tree => tree.FilePath == path));
    }

    /// <summary>Whether the project compiles with this mutant.</summary>
    public bool Compiles(Mutant mutant, CancellationToken cancellationToken)
    {
        SyntaxTree tree = mutant.Candidate.Node.SyntaxTree;
        SyntaxTree mutated = Mutate(tree, [mutant], cancellationToken);
        return !_compilation.ReplaceSyntaxTree(tree, mutated)
            .GetSemanticModel(mutated)
            .GetDiagnostics(cancellationToken: cancellationToken)
            .Any(IsError);
    }

    /// <summary>Writes mutants, which do not overlap, and their switch into the copy of the tree.</summary>
    /// <exception cref="MutationException">They do not compile together.</exception>
    public void Write(IEnumerable<Mutant> mutants)
    {
        CSharpCompilation compilation = _compilation;
        foreach (IGrouping<SyntaxTree, Mutant> ofFile in mutants.GroupBy(mutant => mutant.Candidate.Node.SyntaxTree))
        {
            SyntaxTree mutated = Mutate(ofFile.Key, [.. ofFile], CancellationToken.None);
            compilation = compilation.ReplaceSyntaxTree(ofFile.Key, mutated);
            File.WriteAllText(mutated.FilePath, mutated.ToString());
        }

        RequireNoError(compilation.GetDiagnostics());
        File.WriteAllText(SwitchPath(_directory), MutantSwitch.Source(_name));
    }

    /// <summary>Parses the text again, because a tree made of nodes can be one that no text has.</summary>
    private static SyntaxTree Mutate(
        SyntaxTree tree, IReadOnlyList<Mutant> mutants, CancellationToken cancellationToken)
    {
        SourceText text = tree.GetText(cancellationToken).WithChanges(
            mutants.Select(mutant => new TextChange(mutant.Candidate.Node.Span, mutant.SwitchedText)));
        return CSharpSyntaxTree.ParseText(text, (CSharpParseOptions)tree.Options, tree.FilePath, cancellationToken);
    }

    private static SyntaxTree Parse(string text, CSharpParseOptions options, string path) =>
        CSharpSyntaxTree.ParseText(text, options, path, Encoding.UTF8);

    private static string SwitchPath(string directory) => Path.Combine(directory, "MutantSwitch.cs");

    /// <summary>Whether the code is invalid. A warning that the build treats as an error does not count.</summary>
    private static bool IsError(Diagnostic diagnostic) => diagnostic.DefaultSeverity == DiagnosticSeverity.Error;

    private void RequireNoError(ImmutableArray<Diagnostic> diagnostics)
    {
        if (diagnostics.FirstOrDefault(IsError) is { } error)
        {
            throw new MutationException($"{_name} does not compile: {error}");
        }
    }
}
