using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds <c>beforeUpgrade</c> of a <c>MetadataBackupPolicy</c>.</summary>
internal static partial class UpgradeBinding
{
    public const string UpgradeField = "beforeUpgrade";
    private const string WatchField = "watch";
    private const string PathField = "field";
    private const string InnerField = "inner";

    /// <summary>Returns the field that is watched; null if none is, or if it is not valid.</summary>
    public static WatchedField? Bind(FieldReader spec)
    {
        if (spec.Mapping(UpgradeField) is not { } upgrade)
        {
            return null;
        }

        if (upgrade.Mapping(WatchField) is not { } fields)
        {
            upgrade.Error(WatchField, "is missing; it names the object and the field whose change begins an upgrade");
            upgrade.WarnAboutUnknown();
            return null;
        }

        string? apiVersion = Matching(
            fields,
            "apiVersion",
            VersionPattern(),
            "a group and a version; write one such as k0rdent.mirantis.com/v1beta1, or v1");
        string? kind = Matching(
            fields, "kind", KindPattern(), "the kind of an object as manifests have it; write one such as Management");
        string? name = fields.RequiredText("name");
        string? ns = fields.Text("namespace");
        string? field = Path(fields, PathField, fields.RequiredText(PathField));
        string? inner = Path(fields, InnerField, fields.Text(InnerField));
        fields.WarnAboutUnknown();
        upgrade.WarnAboutUnknown();
        return apiVersion is null || kind is null || name is null || field is null
            ? null
            : new WatchedField
            {
                ApiVersion = apiVersion,
                Kind = kind,
                Name = name,
                Namespace = ns,
                Field = field,
                Inner = inner,
            };
    }

    private static string? Matching(FieldReader fields, string name, Regex pattern, string expected)
    {
        string? text = fields.RequiredText(name);
        if (text is null || pattern.IsMatch(text))
        {
            return text;
        }

        fields.Error(name, $"{ResourceProblems.Quote(text)} is not {expected}");
        return null;
    }

    /// <summary>Checks the beginning of a path; the controller, which reads the object, reads the rest.</summary>
    private static string? Path(FieldReader fields, string name, string? path)
    {
        if (path is null || path.StartsWith('.') || path.StartsWith("{.", StringComparison.Ordinal))
        {
            return path;
        }

        fields.Error(
            name, $"{ResourceProblems.Quote(path)} is not a path to a field; write one such as .spec.release");
        return null;
    }

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[0-9a-z]+\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"^[A-Z][A-Za-z0-9]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KindPattern();
}
