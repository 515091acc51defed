namespace EtcdBackupAgent.Core.Imports;

/// <summary>What is imported: a file, or a stream.</summary>
public sealed record ImportInput
{
    private ImportInput(string name) => Name = name;

    /// <summary>The file or the stream, for messages.</summary>
    public string Name { get; }

    /// <summary>The path of the file; null for a stream.</summary>
    public string? Path { get; private init; }

    /// <summary>The stream; null for a file. It is read to its end, and stays open.</summary>
    public Stream? Content { get; private init; }

    /// <summary>A file, or a pipe with a name.</summary>
    public static ImportInput OfFile(string path) => new(path) { Path = path };

    /// <summary>The standard input of the process.</summary>
    public static ImportInput OfStandardInput(Stream content) => new("standard input") { Content = content };
}
