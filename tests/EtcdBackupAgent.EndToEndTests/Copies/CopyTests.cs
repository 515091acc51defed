using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Copies;

/// <summary><c>copy</c> makes a second location that restores without the first.</summary>
public sealed class CopyTests : IDisposable
{
    private const string Passphrase = "six random words are long enough";

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(StoreKind.Directory, StoreKind.Directory)]
    [InlineData(StoreKind.Directory, StoreKind.S3)]
    [InlineData(StoreKind.S3, StoreKind.Directory)]
    [InlineData(StoreKind.S3, StoreKind.S3)]
    public async Task An_encrypted_repository_is_copied_without_a_key_and_the_copy_restores_alone(
        StoreKind near, StoreKind far)
    {
        string passphrase = _directory.Write("passphrase", Passphrase);
        using TestRepository source = await TestRepository.NewAsync(near);
        using TestRepository copy = await TestRepository.NewAsync(far);
        _ = (await source.RunAsync("init", "--passphrase-file", passphrase)).Output;
        string id = await source.BackUpAsync(await SharedServers.EtcdAsync("3.5"));

        ToolResult first = await CopyAsync(source, copy, "--all");
        ToolResult second = await CopyAsync(source, copy, "latest");

        Assert.Contains($"{id}: copied", first.Output, StringComparison.Ordinal);
        Assert.Contains("1 of 1 snapshots are in", first.Output, StringComparison.Ordinal);
        Assert.Contains($"{id}: already there", second.Output, StringComparison.Ordinal);
        Assert.Equal(await source.KeysAsync(), await copy.KeysAsync());
        _ = (await copy.RunAsync("verify", "--all", "--passphrase-file", passphrase)).Output;
        _ = (await copy.RunAsync(
            "restore", "latest", "--passphrase-file", passphrase, "--to", _directory["restored"])).Output;
        Assert.True(File.Exists(_directory["restored/etcd-snapshot.db"]));
    }

    [Fact]
    public async Task The_far_end_has_its_own_credentials()
    {
        using TestRepository source = await TestRepository.WithSnapshotAsync();
        using TestRepository copy = await TestRepository.NewAsync(StoreKind.S3);

        ToolResult denied = await CopyAsync(source, copy, "--all", secretKey: "wrong");
        ToolResult half = await Agent.RunAsync(
            ["copy", "--all", .. source.Options, .. Target(copy)],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["TO_AWS_ACCESS_KEY_ID"] = "a" });

        Assert.Equal(4, denied.ExitCode);
        Assert.Equal(2, half.ExitCode);
        Assert.Contains("TO_AWS_SECRET_ACCESS_KEY is not", half.StandardError, StringComparison.Ordinal);
        Assert.Contains("1 of 1", (await CopyAsync(source, copy, "--all")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_repository_is_refused_with_both_addresses()
    {
        using TestRepository source = await TestRepository.WithSnapshotAsync();
        using TestRepository other = await TestRepository.WithSnapshotAsync();

        ToolResult refused = await CopyAsync(source, other, "--all");

        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("and not a copy of", refused.StandardError, StringComparison.Ordinal);
        Assert.Contains(source.DirectoryPath, refused.StandardError, StringComparison.Ordinal);
        Assert.Contains(other.DirectoryPath, refused.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("copy takes either one snapshot ID or --all")]
    [InlineData("copy takes either one snapshot ID or --all", "latest", "--all")]
    [InlineData("No far end is given", "latest")]
    [InlineData("needs --resources", "latest", "--to-location", "far")]
    [InlineData("cannot be used with file:///tmp/far", "latest", "--to", "file:///tmp/far", "--to-s3-region", "a")]
    public async Task An_incomplete_command_line_is_refused(string why, params string[] options)
    {
        using TestRepository source = TestRepository.InDirectory();

        ToolResult refused = await source.RunAsync(["copy", .. options]);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(why, refused.StandardError, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>The options of a repository, as those of a far end.</summary>
    private static IEnumerable<string> Target(TestRepository copy) => copy.Options.Select(option =>
        option == "--repository" ? "--to"
        : option.StartsWith("--s3-", StringComparison.Ordinal) ? $"--to-{option[2..]}"
        : option);

    private static Task<ToolResult> CopyAsync(
        TestRepository source, TestRepository copy, string what, string? secretKey = null)
    {
        Dictionary<string, string?> environment = new(source.Environment, StringComparer.Ordinal);
        foreach ((string name, string? value) in copy.Environment)
        {
            environment[$"TO_{name}"] =
                secretKey is not null && name.Contains("SECRET", StringComparison.Ordinal) ? secretKey : value;
        }

        return Agent.RunAsync(["copy", what, .. source.Options, .. Target(copy)], environment);
    }
}
