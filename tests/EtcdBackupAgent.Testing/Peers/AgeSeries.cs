namespace EtcdBackupAgent.Testing;

/// <summary>The stock programs of one series of age. Both have the same version.</summary>
public sealed class AgeSeries
{
    private readonly string _programs;

    private AgeSeries(string programs, string version)
    {
        _programs = programs;
        Version = version;
    }

    /// <summary>The major and minor version, such as <c>1.3</c>.</summary>
    public string Version { get; }

    /// <summary>The program that encrypts and decrypts.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message names <c>eng/peers</c>.</exception>
    public string Age => Program("age");

    /// <summary>The program that generates identities.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message names <c>eng/peers</c>.</exception>
    public string AgeKeygen => Program("age-keygen");

    /// <summary>The version, which makes the cases of a theory distinguishable.</summary>
    public override string ToString() => $"age {Version}";

    internal static AgeSeries In(string cache, string version) =>
        new(Path.Combine(cache, $"age-{version}", "usr", "bin"), version);

    private string Program(string name) => Peers.Present(Path.Combine(_programs, name));
}
