using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>Which objects the options of <c>objects restore</c> select, as its plan shows them.</summary>
public sealed class ObjectRestoreSelectionTests(ObjectRestoreSelectionTests.Fixture fixture)
    : IClassFixture<ObjectRestoreSelectionTests.Fixture>
{
    [Theory]
    [InlineData("cm -n web -l number=n1", "configmaps/map-1")]
    [InlineData("cm --namespace-selector team=shop --exclude-names map-2 --exclude-selector number=n1",
        "configmaps/map-0 configmaps/map-3")]
    [InlineData("cm --exclude-namespace-selector team=shop", "configmaps/map-0")]
    [InlineData("cm -n o*", "configmaps/map-0")]
    [InlineData("cm --exclude-namespaces w*", "configmaps/map-0")]
    [InlineData("cm/map-3 -n web", "configmaps/map-3")]
    [InlineData("-n other", "namespaces/other configmaps/map-0")]
    [InlineData("-n other --exclude-kinds namespaces", "configmaps/map-0")]
    [InlineData("job/job-0 -n web --with-related --exclude-kinds cm,ns", "serviceaccounts/account-0 jobs.batch/job-0")]
    [InlineData("job/job-0 -n web --with-related",
        "namespaces/web serviceaccounts/account-0 configmaps/map-0 jobs.batch/job-0")]
    public async Task A_selection_is_what_its_options_say(string words, string expected)
    {
        ToolResult plan = await fixture.Scene.RestoreAsync([.. words.Split(' '), "--dry-run", "-o", "json"]);

        Assert.Equal((0, ""), (plan.ExitCode, plan.StandardError));
        Assert.Equal(
            expected.Split(' '),
            ((JsonArray)JsonNode.Parse(plan.StandardOutput)!["objects"]!)
                .Select(one => $"{one!["resource"]}/{one["name"]}"));
    }

    [Theory]
    [InlineData("cm/nothing -n web --dry-run", 5, "configmaps/nothing not found among the selected objects.")]
    [InlineData("-n nowhere --dry-run", 5, "The snapshot has no such objects.")]
    [InlineData("cm --map-namespace web --dry-run", 2, "--map-namespace web is not FROM=TO")]
    [InlineData("cm --patch /nonexistent --dry-run", 2, "--patch /nonexistent cannot be read")]
    [InlineData("cm --existing maybe", 2, "--existing 'maybe' is not valid")]
    public async Task A_mistake_gets_an_answer_that_helps(string words, int exitCode, string message)
    {
        ToolResult result = await fixture.Scene.RestoreAsync(words.Split(' '));

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(message, result.StandardError, StringComparison.Ordinal);
    }

    /// <summary>One scene for all tests: they write nothing.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        private RestoreScene? _scene;

        internal RestoreScene Scene => _scene ?? throw new InvalidOperationException("The scene was not started.");

        public async Task InitializeAsync() => _scene = await RestoreScene.StartAsync();

        public async Task DisposeAsync() => await Scene.DisposeAsync();
    }
}
