using System.CommandLine;
using EtcdBackupAgent.Commands.Objects;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Restoring;
using Xunit;

namespace EtcdBackupAgent.Tests.Commands.Objects;

/// <summary>The words and options that select the objects of a restore.</summary>
public sealed class RestoreFilterOptionsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("cm,secrets", "cm secrets")]
    [InlineData("cm,secrets a b", "cm/a cm/b secrets/a secrets/b")]
    [InlineData("cm/a secrets/b", "cm/a secrets/b")]
    public void Kinds_and_names_become_words_of_one_form(string words, string resources) =>
        Assert.Equal(resources, string.Join(' ', Read(words).Resources));

    [Theory]
    [InlineData("cm/a secrets", "'secrets' is not KIND/NAME.")]
    [InlineData("cm/ cm/a", "'cm/' is not KIND/NAME.")]
    public void A_word_that_is_not_KIND_NAME_among_others_is_refused(string words, string message) =>
        Assert.Equal(message, Assert.Throws<BackupException>(() => Read(words)).Message);

    [Fact]
    public void Options_become_words()
    {
        ObjectFilterWords words = Read(
            "", "-n", "web", "-n", "shop", "-l", "a=b", "--exclude-kinds", "pods,jobs", "--exclude-names", "tmp-*");

        Assert.Equal(["web", "shop"], words.Namespaces);
        Assert.Equal("a=b", words.Labels);
        Assert.Equal(["pods", "jobs"], words.ExcludedResources);
        Assert.Equal(["tmp-*"], words.ExcludedNames);
        Assert.Null(words.ExcludedLabels);
    }

    private static ObjectFilterWords Read(string words, params string[] options)
    {
        RestoreFilterOptions filter = new();
        Command verb = new("restore");
        filter.AddTo(verb);
        return filter.Read(
            verb.Parse(options), words.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
