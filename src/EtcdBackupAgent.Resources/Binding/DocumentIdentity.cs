using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Yaml;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>A document of a supported kind with a valid name; its spec has not been read yet.</summary>
internal sealed partial record DocumentIdentity(string Kind, ResourceName Name, string Where, FieldReader Root)
{
    public const string Group = "kubedr.catalogicsoftware.com";
    public const string Version = Group + "/v1alpha1";
    public const string CoreVersion = "v1";
    public const string BackupLocation = "BackupLocation";
    public const string Policy = "MetadataBackupPolicy";
    public const string Secret = "Secret";
    public const string List = "List";

    /// <summary>The limit of a DNS subdomain, which Kubernetes sets for names.</summary>
    private const int NameLengthMax = 253;

    /// <summary>The limit of a DNS label, which Kubernetes sets for namespaces.</summary>
    private const int NamespaceLengthMax = 63;

    /// <summary>Kinds of kubedr that exist only in a cluster. In a directory they are ignored, and no other spelling is
    /// suggested.</summary>
    private static readonly string[] IgnoredKinds = ["MetadataBackupRecord", "MetadataRestore"];

    private static readonly Dictionary<string, string> VersionOfKind = new(StringComparer.Ordinal)
    {
        [BackupLocation] = Version,
        [Policy] = Version,
        [Secret] = CoreVersion,
        [List] = CoreVersion,
    };

    public ResourceProblems Problems => Root.Problems;

    /// <summary>Identifies a document; null if its kind is not supported (a warning) or cannot be read (an
    /// error).</summary>
    public static DocumentIdentity? Of(MappingNode node, ResourceProblems problems)
    {
        FieldReader root = new(node, "", problems);
        string? kind = root.RequiredText("kind");
        string? version = root.RequiredText("apiVersion");
        if (kind is null || version is null || !IsSupported(kind, version, root))
        {
            return null;
        }

        problems.Kind = kind;
        problems.Description = kind;
        if (kind == List)
        {
            return new DocumentIdentity(kind, new ResourceName("", ""), node.Where, root);
        }

        return NameOf(root) is { } name && Describe(problems, kind, name)
            ? new DocumentIdentity(kind, name, node.Where, root)
            : null;
    }

    public static bool IsName(string text) => text.Length <= NameLengthMax && NamePattern().IsMatch(text);

    private static bool Describe(ResourceProblems problems, string kind, ResourceName name)
    {
        problems.Name = name;
        problems.Description = $"{kind} {name}";
        return true;
    }

    private static bool IsSupported(string kind, string version, FieldReader root)
    {
        string group = version.Split('/')[0];
        if (VersionOfKind.TryGetValue(kind, out string? expected))
        {
            if (version == expected)
            {
                return true;
            }

            // Another API group may have a kind of the same name; a version that differs only slightly is a mistake.
            bool isMistake =
                group == Group || expected == CoreVersion || NearestName.Of(version, [expected]) is not null;
            if (isMistake)
            {
                root.Error(
                    "apiVersion",
                    $"{ResourceProblems.Quote(version)} has no kind {kind}; did you mean '{expected}'?");
                return false;
            }
        }
        else if (!IgnoredKinds.Contains(kind, StringComparer.Ordinal)
            && (group == Group || version == CoreVersion)
            && NearestName.Of(kind, VersionOfKind.Keys) is { } nearest)
        {
            root.Error("kind", $"{ResourceProblems.Quote(kind)} is not a known kind; did you mean '{nearest}'?");
            return false;
        }

        root.Warning(
            "kind",
            $"{ResourceProblems.Quote(kind)} of {ResourceProblems.Quote(version)} is ignored; supported are "
            + $"{BackupLocation} and {Policy} of {Version}, and {Secret} of {CoreVersion}");
        return false;
    }

    private static ResourceName? NameOf(FieldReader root)
    {
        if (!root.Has("metadata"))
        {
            root.Error("metadata", "is missing; it is required, with a name");
        }

        if (root.Mapping("metadata") is not { } metadata)
        {
            return null;
        }

        string? name = metadata.RequiredText("name");
        string ns = metadata.Text("namespace") ?? ResourceName.NamespaceDefault;
        metadata.Ignore(
            "labels",
            "annotations",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "finalizers",
            "generateName",
            "generation",
            "managedFields",
            "ownerReferences",
            "resourceVersion",
            "selfLink",
            "uid");
        metadata.WarnAboutUnknown();
        if (name is not null && !IsName(name))
        {
            metadata.Error(
                "name",
                $"{ResourceProblems.Quote(name)} is not a name; allowed are lower-case letters, digits, '-' and '.', "
                + $"a letter or digit first and last, at most {NameLengthMax} characters");
            name = null;
        }

        if (ns.Length > NamespaceLengthMax || ns.Contains('.', StringComparison.Ordinal) || !IsName(ns))
        {
            metadata.Error(
                "namespace",
                $"{ResourceProblems.Quote(ns)} is not a namespace; allowed are lower-case letters, digits and '-', "
                + $"a letter or digit first and last, at most {NamespaceLengthMax} characters");
            name = null;
        }

        return name is null ? null : new ResourceName(ns, name);
    }

    [GeneratedRegex(
        @"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex NamePattern();
}
