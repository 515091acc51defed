using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace EtcdBackupAgent.Mutation.Sources;

/// <summary>The source generators among the plug-ins that the build gives to the compiler.</summary>
internal static class SourceGenerators
{
    /// <summary>Loads them, and later the assemblies that they need, into this process.</summary>
    public static IReadOnlyList<ISourceGenerator> Load(CSharpCommandLineArguments arguments, string directory)
    {
        Loader loader = new();
        AnalyzerFileReference[] files =
        [
            .. arguments.AnalyzerReferences.Select(
                file => new AnalyzerFileReference(Path.GetFullPath(file.FilePath, directory), loader)),
        ];
        return [.. files.SelectMany(file => file.GetGenerators(LanguageNames.CSharp))];
    }

    /// <summary>Finds the plug-ins that other plug-ins need among those that the build names.</summary>
    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        private readonly Dictionary<string, string> _paths = new(StringComparer.Ordinal);

        public Loader() => AssemblyLoadContext.Default.Resolving += (context, name) =>
            _paths.TryGetValue(name.Name!, out string? path) ? context.LoadFromAssemblyPath(path) : null;

        public void AddDependencyLocation(string fullPath) =>
            _paths[Path.GetFileNameWithoutExtension(fullPath)] = fullPath;

        /// <summary>Projects may name a plug-in in different directories; the first one serves them all.</summary>
        public Assembly LoadFromPath(string fullPath) =>
            AssemblyLoadContext.Default.Assemblies.FirstOrDefault(
                loaded => loaded.GetName().Name == Path.GetFileNameWithoutExtension(fullPath))
            ?? AssemblyLoadContext.Default.LoadFromAssemblyPath(fullPath);
    }
}
