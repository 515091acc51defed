using EtcdBackupAgent.Core.Policies;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Policies;

public sealed class ObjectSettingsTests
{
    [Theory]
    [InlineData(null, null, null)]
    [InlineData("AES256", null, "STANDARD_IA")]
    [InlineData("aws:kms", null, "GLACIER_IR")]
    [InlineData("aws:kms", "arn:aws:kms:eu-central-1:111122223333:key/1234abcd", "fast-disks")]
    public void Valid_settings_have_no_problem(string? encryption, string? key, string? storageClass) =>
        Assert.Empty(Attributes(encryption, key, storageClass).Problems());

    [Theory]
    [InlineData(
        "aes256", null, null, "serverSideEncryption", "'aes256' is not a valid value; allowed are AES256, aws:kms")]
    [InlineData("", null, null, "serverSideEncryption", "'' is not a valid value")]
    [InlineData("AES256", "key", null, "kmsKeyId", "needs serverSideEncryption: aws:kms")]
    [InlineData(null, "key", null, "kmsKeyId", "needs serverSideEncryption: aws:kms")]
    [InlineData("aws:kms", "a key", null, "kmsKeyId", "'a key' is not a key")]
    [InlineData("aws:kms", "key\n", null, "kmsKeyId", "is not a key")]
    [InlineData(null, null, "STANDARD IA", "storageClass", "'STANDARD IA' is not a storage class")]
    [InlineData(null, null, "", "storageClass", "'' is not a storage class")]
    [InlineData(null, null, "GLACIER", "storageClass", "'GLACIER' cannot be read immediately")]
    [InlineData(null, null, "deep_archive", "storageClass", "'deep_archive' cannot be read immediately")]
    public void Invalid_settings_are_refused_with_their_value(
        string? encryption, string? key, string? storageClass, string field, string problem)
    {
        (string Field, string Problem) only = Assert.Single(Attributes(encryption, key, storageClass).Problems());

        Assert.Equal(field, only.Field);
        Assert.Contains(problem, only.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(128, 256, true)]
    [InlineData(129, 256, false)]
    [InlineData(128, 257, false)]
    [InlineData(0, 1, false)]
    public void A_tag_has_a_maximum_length(int key, int value, bool isValid) =>
        Assert.Equal(isValid, !WithTags((new string('k', key), new string('v', value))).Problems().Any());

    [Theory]
    [InlineData("team", "a b+c=d.e_f:g/h@i-j", true)]
    [InlineData("empty", "", true)]
    [InlineData("a&b", "c", false)]
    [InlineData("a", "b\n", false)]
    [InlineData("aws:a", "b", false)]
    [InlineData("AWS:a", "b", false)]
    public void A_tag_allows_certain_characters(string key, string value, bool isValid) =>
        Assert.Equal(isValid, !WithTags((key, value)).Problems().Any());

    [Fact]
    public void An_object_has_at_most_ten_tags()
    {
        (string Key, string Value)[] eleven = [.. Enumerable.Range(0, 11).Select(number => ($"k{number}", "v"))];

        Assert.Empty(WithTags(eleven[..10]).Problems());
        (_, string problem) = Assert.Single(WithTags(eleven).Problems());
        Assert.Contains("are 11; at most 10", problem, StringComparison.Ordinal);
    }

    private static ObjectSettings Attributes(string? encryption, string? key, string? storageClass) =>
        new() { ServerSideEncryption = encryption, KmsKeyId = key, StorageClass = storageClass };

    private static ObjectSettings WithTags(params (string Key, string Value)[] tags) =>
        new() { Tags = tags.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal) };
}
