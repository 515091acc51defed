namespace EtcdBackupAgent.Testing;

/// <summary>The stock programs of one series of age, both of the same version.</summary>
public sealed class AgeSeries
{
    private readonly string _programs;

    private AgeSeries(string programs, string version)
    {
        _programs = programs;
        Version = version;
    }

    /// <summary>Major and minor, such as <c>1.3</c>.</summary>
    public string Version { get; }

    /// <summary>Encrypts and decrypts.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message says to run <c>eng/peers</c>.</exception>
    public string Age => Program("age");

    /// <summary>Makes identities.</summary>
    /// <exception cref="FileNotFoundException">Not installed; the message says to run <c>eng/peers</c>.</exception>
    public string AgeKeygen => Program("age-keygen");

    /// <summary>The version, so that a theory's cases can be told apart.</summary>
    public override string ToString() => $"age {Version}";

    internal static AgeSeries In(string cache, string version) =>
        new(Path.Combine(cache, $"age-{version}", "usr", "bin"), version);

    private string Program(string name) => Peers.Present(Path.Combine(_programs, name));
}
