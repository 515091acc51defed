using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>The commands of a page of <c>docs</c>, which a test runs unchanged.</summary>
internal static partial class PageCommands
{
    /// <summary>Returns the blocks of shell commands of a page.</summary>
    /// <param name="page">The name of the file in <c>docs</c>.</param>
    /// <param name="blocks">The number of blocks, so that a test notices a new one.</param>
    public static async Task<string[]> ReadAsync(string page, int blocks)
    {
        string text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", page));
        string[] commands = [.. Block().Matches(text).Select(match => match.Groups["commands"].Value)];
        Assert.Equal(blocks, commands.Length);
        return commands;
    }

    [GeneratedRegex(
        "^```sh\n(?<commands>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Block();
}
