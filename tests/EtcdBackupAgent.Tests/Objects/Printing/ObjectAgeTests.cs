using EtcdBackupAgent.Objects.Printing;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Printing;

public sealed class ObjectAgeTests
{
    [Theory]
    [InlineData(-2, "<invalid>")]
    [InlineData(-1, "0s")]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(312, "5m12s")]
    [InlineData(600, "10m")]
    [InlineData(10_799, "179m")]
    [InlineData(10_800, "3h")]
    [InlineData(11_160, "3h6m")]
    [InlineData(28_800, "8h")]
    [InlineData(172_799, "47h")]
    [InlineData(172_800, "2d")]
    [InlineData(180_000, "2d2h")]
    [InlineData(691_200, "8d")]
    [InlineData(63_072_000, "2y")]
    [InlineData(65_750_400, "2y31d")]
    [InlineData(252_288_000, "8y")]
    public void An_age_is_printed_as_kubectl_prints_it(long seconds, string expected) =>
        Assert.Equal(expected, ObjectAge.Text(TimeSpan.FromSeconds(seconds)));
}
