using System.Text;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;
using EtcdBackupAgent.Storage.S3;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Secrets;

/// <summary>The rule for white space in secrets.</summary>
public sealed class SecretTextTests
{
    [Theory]
    [InlineData("key", "key")]
    [InlineData("key\n", "key")]
    [InlineData("key\r\n", "key")]
    [InlineData("key\n\n", "key\n")]
    [InlineData("key\r\n\r\n", "key\r\n")]
    [InlineData("key\r", "key\r")]
    [InlineData(" a b \t\n", " a b \t")]
    [InlineData("\nkey", "\nkey")]
    [InlineData("\n", "")]
    [InlineData("", "")]
    public void One_line_end_at_the_end_is_ignored_and_everything_else_counts(string text, string expected)
    {
        Assert.Equal(expected, SecretText.WithoutLineEnd(text));
        Assert.Equal(expected, Encoding.UTF8.GetString(SecretText.WithoutLineEnd(Encoding.UTF8.GetBytes(text))));
    }

    [Theory]
    [InlineData("key\n", null)]
    [InlineData("a key\r\n", null)]
    [InlineData("\r\n", "is empty")]
    [InlineData("key\n\n", "ends in more than one line end")]
    [InlineData("key\r", "ends in more than one line end")]
    [InlineData("a\nkey", "contains a line end or another control character")]
    [InlineData("a\0key", "contains a line end or another control character")]
    [InlineData(" key", "starts with white space")]
    [InlineData("key \n", "ends in white space")]
    public void A_key_must_not_start_or_end_with_white_space(string text, string? fault) =>
        Assert.Equal(fault, SecretText.FaultOfToken(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_key_that_is_not_text_is_refused_and_not_printed()
    {
        BackupException e = Assert.Throws<BackupException>(() => SecretText.Token([0x61, 0xff], "The key 'x'"));

        Assert.Equal("The key 'x' is not UTF-8 text.", e.Message);
    }

    [Fact]
    public void The_variables_of_the_AWS_tools_are_read_by_the_same_rule()
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = "key\n",
            ["AWS_SECRET_ACCESS_KEY"] = "secret\r\n",
            ["AWS_REGION"] = "eu-central-1",
        };
        List<string> written = [];

        AwsVariables.Clean(environment.GetValueOrDefault, (name, value) => written.Add($"{name}={value}"));

        Assert.Equal(["AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret"], written);
        environment["AWS_SESSION_TOKEN"] = "token\n\n";
        BackupException e = Assert.Throws<BackupException>(
            () => AwsVariables.Clean(environment.GetValueOrDefault, (_, _) => { }));
        Assert.Equal("The variable AWS_SESSION_TOKEN ends in more than one line end.", e.Message);
    }
}
