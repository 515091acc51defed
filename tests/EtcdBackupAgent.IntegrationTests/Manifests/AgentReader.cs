using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>What the agent itself says to a document, which has to be what its definition says.</summary>
internal static class AgentReader
{
    /// <summary>What a tested document may refer to.</summary>
    private const string Surroundings = """
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: BackupLocation
        metadata: {name: disk}
        spec: {url: "file:///var/backups", credentials: keys}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: keys}
        stringData: {access_key: a, secret_key: b, repo_password: c}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: etcd-creds}
        stringData: {ca.crt: a, client.crt: b, client.key: c}
        """;

    /// <summary>The errors of one document called <c>tested</c>.</summary>
    public static async Task<IReadOnlyList<string>> ErrorsAsync(string document) =>
    [
        .. (await LoadAsync(Surroundings, document)).Problems
            .Where(problem => problem.Severity == ProblemSeverity.Error && problem.Name?.Name == "tested")
            .Select(problem => problem.ToString()),
    ];

    /// <summary>What the agent reads from these files.</summary>
    public static async Task<ResourceSet> LoadAsync(params string[] files)
    {
        using TestDirectory directory = new();
        for (int i = 0; i < files.Length; i++)
        {
            await File.WriteAllTextAsync(directory[$"{i}.yaml"], files[i]);
        }

        return await new DirectoryResourceStore(directory.Path).LoadAsync(CancellationToken.None);
    }
}
