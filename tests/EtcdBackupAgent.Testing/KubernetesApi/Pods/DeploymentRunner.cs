using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>
/// Plays the Deployment controller of a cluster for one pod, which <see cref="PodRunner"/> runs as a Job. The test
/// starts and stops it. A pod that ends is not restarted.
/// </summary>
public sealed class DeploymentRunner(KubernetesApiServer server, string ns) : IDisposable
{
    private readonly ClusterObjects _objects = new(server);

    /// <summary>Runs the pod of a Deployment.</summary>
    /// <returns>The name of the Job.</returns>
    /// <exception cref="InvalidOperationException">The Deployment does not exist.</exception>
    /// <exception cref="PodTemplateException">The Deployment has an unknown field or may have two pods.</exception>
    public async Task<string> StartAsync(string name)
    {
        JsonObject deployment = await _objects.FindAsync($"apis/apps/v1/namespaces/{ns}/deployments/{name}")
            ?? throw new InvalidOperationException($"The Deployment '{name}' does not exist.");
        CheckDeployment(new TemplateFields((JsonObject)deployment["spec"]!, "spec"));
        JsonNode template = deployment["spec"]!["template"]!.DeepClone();
        TemplateFields pod = new((JsonObject)template["spec"]!, "spec.template.spec");
        pod.Only("restartPolicy", "Always");
        template["spec"]!["restartPolicy"] = "Never";
        string job = $"{name}-pod";
        await _objects.CreateAsync($"apis/batch/v1/namespaces/{ns}/jobs", new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject { ["name"] = job },
            ["spec"] = new JsonObject { ["backoffLimit"] = 0, ["template"] = template },
        });
        return job;
    }

    /// <summary>Stops the pod as the Deployment controller does. <see cref="PodRunner.Ended"/> then has it.</summary>
    public Task StopAsync(string name) => _objects.DeleteAsync($"apis/batch/v1/namespaces/{ns}/jobs/{name}-pod");

    public void Dispose() => _objects.Dispose();

    private static void CheckDeployment(TemplateFields specification)
    {
        specification.Only("replicas", "1");
        specification.Number("revisionHistoryLimit");
        specification.Number("progressDeadlineSeconds");
        TemplateFields strategy = specification.Part("strategy")
            ?? throw new PodTemplateException("The Deployment has no strategy, so that two pods may run.");
        strategy.Only("type", "Recreate");
        strategy.RequireAllRead();
        specification.Part("selector");
        specification.Part("template");
        specification.RequireAllRead();
    }
}
