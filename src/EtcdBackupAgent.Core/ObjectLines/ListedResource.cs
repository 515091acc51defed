namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>One resource in the last line of a file of objects.</summary>
public sealed record ListedResource
{
    /// <summary>The plural and the group, such as <c>deployments.apps</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>The version in which its objects were read, such as <c>apps/v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The lowest revision at which a page of it was read.</summary>
    public required long ResourceVersion { get; init; }

    /// <summary>The number of its objects.</summary>
    public required long Objects { get; init; }
}
