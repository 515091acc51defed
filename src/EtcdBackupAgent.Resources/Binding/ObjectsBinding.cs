using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Binds <c>source</c> and <c>objects</c> of a <c>MetadataBackupPolicy</c>.</summary>
internal static class ObjectsBinding
{
    private const string SourceField = "source";
    private const string ObjectsField = "objects";

    /// <summary>Returns what the policy selects; null if it backs up etcd.</summary>
    public static PolicyObjects? Bind(FieldReader spec)
    {
        PolicySource source = spec.OneOf<PolicySource>(SourceField) ?? PolicySource.Etcd;
        FieldReader? fields = spec.Mapping(ObjectsField);
        if (source == PolicySource.Etcd)
        {
            if (fields is not null)
            {
                spec.Error(ObjectsField, "needs source: Objects; a backup of etcd contains all objects");
            }

            return null;
        }

        if (fields is null)
        {
            return new PolicyObjects();
        }

        PolicyObjects objects = new()
        {
            Resources = fields.Texts("resources"),
            Namespaces = fields.Texts("namespaces"),
            LabelSelector = Selector(fields, "labelSelector"),
            OrLabelSelectors = Selectors(fields, "orLabelSelectors"),
            NamespaceSelector = Selector(fields, "namespaceSelector"),
            ExcludeResources = fields.Texts("excludeResources"),
            ExcludeNamespaces = fields.Texts("excludeNamespaces"),
            ExcludeNames = fields.Texts("excludeNames"),
            ExcludeLabelSelector = Selector(fields, "excludeLabelSelector"),
            ExcludeNamespaceSelector = Selector(fields, "excludeNamespaceSelector"),
            IncludeClusterResources =
                fields.OneOf<ClusterResources>("includeClusterResources") ?? ClusterResources.Auto,
            InheritNamespaceLabels = fields.Boolean("inheritNamespaceLabels") ?? false,
        };
        fields.WarnAboutUnknown();
        return objects;
    }

    /// <summary>Reports settings that only a backup of etcd has.</summary>
    public static void RequireNoEtcd(BackupPolicy policy, FieldReader spec)
    {
        if (policy.Objects is null)
        {
            return;
        }

        foreach ((string field, bool isSet) in new[]
        {
            ("increments", policy.Increments is not null),
            ("changeLog", policy.ChangeLog is not null),
            (UpgradeBinding.UpgradeField, policy.BeforeUpgrade is not null),
        })
        {
            if (isSet)
            {
                spec.Error(field, "needs source: Etcd; objects are backed up as a whole");
            }
        }
    }

    private static string? Selector(FieldReader fields, string field)
    {
        string? text = fields.Text(field);
        Check(fields, field, text is null ? [] : [text]);
        return text;
    }

    private static IReadOnlyList<string> Selectors(FieldReader fields, string field)
    {
        IReadOnlyList<string> texts = fields.Texts(field);
        Check(fields, field, texts);
        return texts;
    }

    private static void Check(FieldReader fields, string field, IEnumerable<string> selectors)
    {
        foreach (string selector in selectors)
        {
            try
            {
                LabelSelector.Parse(selector);
            }
            catch (BackupException e)
            {
                fields.Error(field, $"{e.Message.TrimEnd('.')}. {e.Hint}");
            }
        }
    }
}
