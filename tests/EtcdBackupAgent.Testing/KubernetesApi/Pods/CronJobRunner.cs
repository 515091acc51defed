using System.Globalization;
using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>Plays the CronJob controller of a cluster. The test decides when a CronJob is due.</summary>
public sealed class CronJobRunner(KubernetesApiServer server, string ns) : IDisposable
{
    private readonly ClusterObjects _objects = new(server);
    private int _fired;

    /// <summary>Creates a Job from the template of a CronJob, as if the CronJob were due.</summary>
    /// <returns>The name of the Job; null if the CronJob is suspended or its previous Job still runs.</returns>
    /// <exception cref="InvalidOperationException">The CronJob does not exist.</exception>
    /// <exception cref="PodTemplateException">The CronJob has an unknown field or allows concurrent Jobs.</exception>
    public async Task<string?> FireAsync(string name)
    {
        string batch = $"apis/batch/v1/namespaces/{ns}";
        JsonObject cronJob = await _objects.FindAsync($"{batch}/cronjobs/{name}")
            ?? throw new InvalidOperationException($"The CronJob '{name}' does not exist.");
        CheckCronJob(new TemplateFields((JsonObject)cronJob["spec"]!, "spec"));
        if ((bool?)cronJob["spec"]!["suspend"] == true)
        {
            return null;
        }

        string uid = (string)cronJob["metadata"]!["uid"]!;
        if ((await _objects.ListAsync($"{batch}/jobs")).Any(
                job => Owner.ControllerOf(job) == uid && job["status"]?["conditions"] is null))
        {
            return null;
        }

        string job = string.Create(
            CultureInfo.InvariantCulture,
            $"{name}-{28_000_000 + Interlocked.Increment(ref _fired)}");
        await _objects.CreateAsync($"{batch}/jobs", JobOf(cronJob, job));
        await _objects.PatchAsync(
            $"{batch}/cronjobs/{name}/status",
            new JsonObject { ["status"] = new JsonObject { ["lastScheduleTime"] = Now() } });
        return job;
    }

    public void Dispose() => _objects.Dispose();

    private static void CheckCronJob(TemplateFields specification)
    {
        specification.Required("schedule");
        specification.Text("timeZone");
        specification.Flag("suspend");
        specification.Only("concurrencyPolicy", "Forbid");
        specification.Number("startingDeadlineSeconds");
        specification.Number("successfulJobsHistoryLimit");
        specification.Number("failedJobsHistoryLimit");
        specification.Part("jobTemplate");
        specification.RequireAllRead();
    }

    private static string Now() =>
        TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static JsonObject JobOf(JsonObject cronJob, string name)
    {
        JsonObject template = (JsonObject)cronJob["spec"]!["jobTemplate"]!;
        JsonObject annotations = template["metadata"]?["annotations"]?.DeepClone() as JsonObject ?? [];
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = Now();
        return new JsonObject
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = template["metadata"]?["labels"]?.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Owner.Of("batch/v1", "CronJob", cronJob)),
            },
            ["spec"] = template["spec"]!.DeepClone(),
        };
    }
}
