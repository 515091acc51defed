namespace EtcdBackupAgent.Objects.Kinds;

/// <summary>A resource in one version, as an API server serves it.</summary>
public sealed record ServedResource
{
    /// <summary>The group and the plural.</summary>
    public required GroupResource Name { get; init; }

    /// <summary>The version within the group, such as <c>v1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The kind, such as <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>False for objects of the whole cluster.</summary>
    public required bool IsNamespaced { get; init; }

    /// <summary>The singular in lower case; may be empty.</summary>
    public string Singular { get; init; } = "";

    /// <summary>What kubectl accepts in place of the plural, such as <c>deploy</c>.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>What can be done with it: <c>get</c>, <c>list</c>, <c>create</c>, <c>patch</c> and others.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = [];

    /// <summary>The group and the version: <c>apps/v1</c>, or the version alone in the core group.</summary>
    public string ApiVersion => Name.Group.Length == 0 ? Version : $"{Name.Group}/{Version}";

    /// <summary>Whether all of these verbs can be used.</summary>
    public bool Has(params ReadOnlySpan<string> verbs)
    {
        foreach (string verb in verbs)
        {
            if (!Verbs.Contains(verb))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} in {ApiVersion}";
}
