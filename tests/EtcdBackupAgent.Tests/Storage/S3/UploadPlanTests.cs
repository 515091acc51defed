using EtcdBackupAgent.Storage.S3;
using Xunit;

namespace EtcdBackupAgent.Tests.Storage.S3;

public sealed class UploadPlanTests
{
    private const long PartBytesMinOfS3 = 5L << 20;
    private const long PartBytesMaxOfS3 = 5L << 30;

    public static TheoryData<int> FirstParts => [UploadPlan.Default.FirstPartBytes, UploadPlan.PartBytesMin];

    [Theory]
    [MemberData(nameof(FirstParts))]
    public void The_longest_object_of_S3_fits_into_its_maximum_number_of_parts(int firstPartBytes)
    {
        UploadPlan plan = new(firstPartBytes);

        long total = Enumerable.Range(1, UploadPlan.PartsMax).Sum(number => (long)plan.PartBytes(number));

        Assert.True(total >= UploadPlan.ObjectBytesMax, $"10,000 parts hold {total} bytes.");
    }

    [Theory]
    [MemberData(nameof(FirstParts))]
    public void Parts_only_grow_and_stay_within_the_limits_of_S3(int firstPartBytes)
    {
        UploadPlan plan = new(firstPartBytes);
        int previous = 0;
        for (int number = 1; number <= UploadPlan.PartsMax; number++)
        {
            int size = plan.PartBytes(number);
            Assert.InRange(size, Math.Max(previous, PartBytesMinOfS3), PartBytesMaxOfS3);
            previous = size;
        }
    }

    [Theory]
    [InlineData(1, 12)]
    [InlineData(700, 12)]
    [InlineData(701, 24)]
    [InlineData(1401, 48)]
    [InlineData(10_000, 1024)]
    public void A_part_has_its_size(int number, int mebibytes) =>
        Assert.Equal(mebibytes << 20, UploadPlan.Default.PartBytes(number));

    [Theory]
    [InlineData(0)]
    [InlineData(10_001)]
    public void A_part_number_out_of_range_is_refused(int number) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => UploadPlan.Default.PartBytes(number));

    [Fact]
    public void Four_parts_of_the_first_size_fill_the_memory_and_one_part_always_fits()
    {
        int size = UploadPlan.Default.PartBytes(1);

        Assert.True(UploadPlan.Fits(3L * size, size));
        Assert.False(UploadPlan.Fits(4L * size, size));
        Assert.True(UploadPlan.Fits(0, UploadPlan.PartBytesMax));
        Assert.False(UploadPlan.Fits(1, UploadPlan.PartBytesMax));
    }
}
