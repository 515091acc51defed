namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Documents of the four kinds.</summary>
internal static class Documents
{
    /// <summary>A public key of SSH, of a key that nobody has.</summary>
    public const string Signer =
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCzqRXSDmW3IXk+AiqFbVR7g9hw9ohxjJ5LMc0"
        + "JyGWFhjiRdErlgZuiL7HQkrkckXHoffNH9jsmz8hlNx+oK/T8=";

    /// <summary>A recipient of age whose identity is unknown.</summary>
    public const string Recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    /// <summary>
    /// The examples of kubedr's documentation in its order: a policy, a policy with an option, a record as printed by
    /// the API server (without resourceVersion and uid, which only an API server may set), a location, and a restore.
    /// </summary>
    public static readonly string[] Kubedr =
    [
        """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataBackupPolicy
        metadata:
          name: test-backup
        spec:
          destination: remote-minio

          certsDir: /etc/kubernetes/pki

          etcdEndpoint: https://127.0.0.1:2379
          etcdCreds: etcd-creds # secret

          schedule: "*/10 * * * *"

          retainNumBackups: 1
        """,
        """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataBackupPolicy
        metadata:
          name: with-option
        spec:
          destination: remote-minio
          schedule: "*/10 * * * *"
          options:
            "master-node-label-name": ismasternode
        """,
        """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataBackupRecord
        metadata:
          creationTimestamp: "2020-02-21T18:35:10Z"
          finalizers:
          - mbr.finalizers.kubedr.catalogicsoftware.com
          generation: 2
          name: mbr-00f2bb92
          namespace: kubedr-system
          selfLink: /apis/kubedr.catalogicsoftware.com/v1alpha1/namespaces/kubedr-system/metadatabackuprecords/mbr-00f2bb92
        spec:
          backuploc: tests3-1582310048
          policy: backup-1582310055
          snapshotId: 00f2bb92
        """,
        """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: BackupLocation
        metadata:
          name: remote-minio
        spec:
          url: http://10.106.189.174:9000
          bucketName: testbucket-430
          credentials: minio-creds
        """,
        """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataRestore
        metadata:
          name: mrtest
        spec:
          mbrName: mbr-00f2bb92
          pvcName: mrtest-pvc
        """,
    ];

    /// <summary>Returns a location with these fields in YAML's one-line form, without braces.</summary>
    public static string Location(string spec, string name = "tested") => Of("BackupLocation", spec, name);

    /// <summary>Returns a policy with a destination and these fields.</summary>
    public static string Policy(string spec, string name = "tested") =>
        Of("MetadataBackupPolicy", spec.Length == 0 ? "destination: disk" : $"destination: disk, {spec}", name);

    public static string Record(string spec, string name = "tested") => Of("MetadataBackupRecord", spec, name);

    public static string Restore(string spec, string name = "tested") => Of("MetadataRestore", spec, name);

    private static string Of(string kind, string spec, string name) => $$"""
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: {{kind}}
        metadata: {name: {{name}}}
        spec: { {{spec}} }
        """;
}
