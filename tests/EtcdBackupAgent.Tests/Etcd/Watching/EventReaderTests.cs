using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Watching;
using EtcdBackupAgent.Snapshots.ChangeLog;
using Google.Protobuf;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Watching;

public sealed class EventReaderTests
{
    private const int FuzzRounds = 2_000;

    [Fact]
    public void Changes_are_numbered_within_their_revision()
    {
        EventReader events = new("http://m:2379", fromRevision: 5);

        Assert.Equal("5.0 5.1t 5.2 6.0t 7.0", Text(events.Read(WatchMessages.Events(5, -5, 5, -6, 7))));
        Assert.Equal("8.0 8.1", Text(events.Read(WatchMessages.Events(8, 8))));
        Assert.Equal(9, events.NextRevision);
    }

    [Fact]
    public void The_numbers_continue_in_the_fragments_of_a_response()
    {
        EventReader events = new("http://m:2379", fromRevision: 5);

        Assert.Equal("5.0 6.0 6.1", Text(events.Read(WatchMessages.Fragment(5, 6, 6))));
        Assert.Equal("6.2t", Text(events.Read(WatchMessages.Fragment(-6))));
        Assert.Equal("6.3 7.0", Text(events.Read(WatchMessages.Fragment(6, 7))));
        // A fragment can end together with a revision.
        Assert.Equal("8.0", Text(events.Read(WatchMessages.Events(8))));
        Assert.Equal("9.0", Text(events.Read(WatchMessages.Events(9))));
    }

    [Fact]
    public void A_missing_revision_and_a_response_without_events_are_left_to_the_caller()
    {
        EventReader events = new("http://m:2379", fromRevision: 5);

        Assert.Equal("", Text(events.Read(WatchMessages.Events())));
        Assert.Equal("9.0", Text(events.Read(WatchMessages.Events(9))));
    }

    [Theory]
    [InlineData("4", "revision 4 follows the end of revision 4")]
    [InlineData("3", "revision 3 follows the end of revision 4")]
    [InlineData("5,6,5", "revision 5 follows the end of revision 6")]
    [InlineData("5 5", "revision 5 follows the end of revision 5")]
    [InlineData("5f 6 6", "revision 6 follows the end of revision 6")]
    [InlineData("6f 5", "revision 5 follows the end of revision 6")]
    public void Events_that_are_not_in_order_are_damage(string responses, string why)
    {
        EventReader events = new("http://m:2379", fromRevision: 5);
        WatchResponse[] all = [.. responses.Split(' ').Select(Response)];
        foreach (WatchResponse response in all[..^1])
        {
            events.Read(response);
        }

        BackupException e = Assert.Throws<BackupException>(() => events.Read(all[^1]));

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.StartsWith("http://m:2379: Watch/Watch returned a damaged event", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($"{why}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_of_an_unknown_type_or_without_a_key_is_damage()
    {
        Event unknown = WatchMessages.Event(5, isDeletion: false);
        unknown.Type = (Event.Types.EventType)2;
        (Event, string)[] all = [(unknown, "it has the type 2"), (new Event(), "it has no key")];
        foreach ((Event damaged, string why) in all)
        {
            WatchResponse response = WatchMessages.Events();
            response.Events.Add(damaged);

            BackupException e =
                Assert.Throws<BackupException>(() => new EventReader("http://m:2379", 5).Read(response));

            Assert.EndsWith($"after revision 4: {why}.", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Random_damage_gives_ordered_records_or_a_failure()
    {
        Random random = new(2);
        int accepted = 0;
        for (int round = 0; round < FuzzRounds; round++)
        {
            byte[] message = WatchMessages.Events(5, 5, -6, 7, -7, 8).ToByteArray();
            message[random.Next(message.Length)] = (byte)random.Next(256);
            EventReader events = new("http://m:2379", fromRevision: 5);
            try
            {
                IReadOnlyList<StoredRecord> records = events.Read(WatchResponse.Parser.ParseFrom(message));
                accepted++;
                (long Main, long Sub)[] revisions = [.. records.Select(record => (record.Main, record.Sub))];
                Assert.Equal(revisions.Distinct().Order(), revisions);
            }
            catch (Exception e) when (e is BackupException or InvalidProtocolBufferException)
            {
                // The damage was noticed.
            }
        }

        Assert.InRange(accepted, FuzzRounds / 10, FuzzRounds * 9 / 10);
    }

    private static WatchResponse Response(string text)
    {
        long[] revisions = [.. text.TrimEnd('f').Split(',').Select(one => long.Parse(one, null))];
        return text.EndsWith('f') ? WatchMessages.Fragment(revisions) : WatchMessages.Events(revisions);
    }

    private static string Text(IEnumerable<StoredRecord> records) => string.Join(
        ' ', records.Select(record => $"{record.Main}.{record.Sub}{(record.IsTombstone ? "t" : "")}"));
}
