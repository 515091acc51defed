using System.Globalization;
using EtcdBackupAgent.Objects.Comparing;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Comparing;

public sealed class LineDifferencesTests
{
    [Theory]
    [InlineData("a\nb\n", "a\nc\n", "@@ -1,2 +1,2 @@| a|-b|+c")]
    [InlineData(
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
        "@@ -2,7 +2,7 @@| 2| 3| 4|-5|+x| 6| 7| 8")]
    [InlineData("", "a\nb\n", "@@ -0,0 +1,2 @@|+a|+b")]
    [InlineData("a\nb", "a\nb\n", "@@ -1,2 +1,2 @@| a|-b (without a line feed at the end)|+b")]
    [InlineData("a\nb", "a\nc", "@@ -1,2 +1,2 @@| a|-b|+c")]
    [InlineData("a\nb\n", "a\nb\n", "")]
    public void Lines_are_compared_as_diff_does(string old, string @new, string expected) =>
        Assert.Equal(expected, string.Join('|', LineDifferences.Between(old, @new).Select(Text)));

    [Fact]
    public void The_lines_of_a_comparison_are_those_of_both_texts()
    {
        for (int seed = 0; seed < 500; seed++)
        {
            Random random = new(seed);
            string[] old = [.. Enumerable.Range(0, random.Next(30)).Select(_ => $"{random.Next(6)}")];
            List<string> @new = [.. old];
            for (int i = random.Next(4); i > 0; i--)
            {
                @new.Insert(random.Next(@new.Count + 1), $"{random.Next(6)}");
                @new.RemoveAt(random.Next(@new.Count));
            }

            List<string> patched = [.. old];
            int at = 0;
            foreach (TextLine line in LineDifferences.Between(TextOf(old), TextOf(@new)))
            {
                switch (line.Kind)
                {
                    case LineKind.Place:
                        string[] numbers = line.Text.Split(['+', ',', ' '], StringSplitOptions.RemoveEmptyEntries);
                        int start = int.Parse(
                            line.Text.Split('+')[1].Split(',', ' ')[0], CultureInfo.InvariantCulture);
                        at = numbers[^2] == "0" ? start : start - 1;
                        break;
                    case LineKind.Added:
                        patched.Insert(at++, line.Text);
                        break;
                    case LineKind.Removed:
                        Assert.Equal(line.Text, patched[at]);
                        patched.RemoveAt(at);
                        break;
                    default:
                        Assert.Equal(line.Text, patched[at++]);
                        break;
                }
            }

            Assert.Equal(@new, patched);
        }
    }

    private static string TextOf(IEnumerable<string> lines) => string.Concat(lines.Select(line => $"{line}\n"));

    private static string Text(TextLine line) => line.Kind switch
    {
        LineKind.Added => $"+{line.Text}",
        LineKind.Removed => $"-{line.Text}",
        LineKind.Place => line.Text,
        _ => $" {line.Text}",
    };
}
