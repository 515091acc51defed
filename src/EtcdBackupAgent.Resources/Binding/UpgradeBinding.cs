using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds <c>beforeUpgrade</c> of a <c>MetadataBackupPolicy</c>.</summary>
internal static class UpgradeBinding
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

        string? apiVersion = fields.RequiredText("apiVersion");
        string? kind = fields.RequiredText("kind");
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
}
