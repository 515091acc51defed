using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The kinds of objects that the agent reads and writes in a cluster.</summary>
internal static class ClusterKinds
{
    public static readonly ResourceKind BackupLocation = Kubedr("backuplocations", DocumentIdentity.BackupLocation);
    public static readonly ResourceKind Policy = Kubedr("metadatabackuppolicies", DocumentIdentity.Policy);
    public static readonly ResourceKind Record = Kubedr("metadatabackuprecords", "MetadataBackupRecord");
    public static readonly ResourceKind Restore = Kubedr("metadatarestores", "MetadataRestore");

    public static readonly ResourceKind Namespace = new("", "v1", "namespaces", IsNamespaced: false)
    {
        Kind = "Namespace",
    };
    public static readonly ResourceKind Secret = new("", "v1", "secrets") { Kind = DocumentIdentity.Secret };
    public static readonly ResourceKind Event = new("", "v1", "events") { Kind = "Event" };
    public static readonly ResourceKind Pod = new("", "v1", "pods") { Kind = "Pod" };
    public static readonly ResourceKind PersistentVolumeClaim =
        new("", "v1", "persistentvolumeclaims") { Kind = "PersistentVolumeClaim" };

    public static readonly ResourceKind Job = new("batch", "v1", "jobs") { Kind = "Job" };
    public static readonly ResourceKind CronJob = new("batch", "v1", "cronjobs") { Kind = "CronJob" };

    public static readonly ResourceKind Deployment = new("apps", "v1", "deployments") { Kind = "Deployment" };

    public static readonly ResourceKind SelfSubjectAccessReview =
        new("authorization.k8s.io", "v1", "selfsubjectaccessreviews", IsNamespaced: false)
        {
            Kind = "SelfSubjectAccessReview",
        };

    public static readonly ResourceKind CustomResourceDefinition =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", IsNamespaced: false)
        {
            Kind = "CustomResourceDefinition",
        };

    private static ResourceKind Kubedr(string plural, string kind) =>
        new(DocumentIdentity.Group, DocumentIdentity.Version.Split('/')[1], plural) { Kind = kind };
}
