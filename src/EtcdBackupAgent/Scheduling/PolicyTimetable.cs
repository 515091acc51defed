using EtcdBackupAgent.Core.Policies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Quartz;
using Quartz.Extensibility;

namespace EtcdBackupAgent.Scheduling;

/// <summary>
/// Reports when a policy is due. It is a Quartz scheduler in memory with one trigger for each policy.
/// </summary>
internal sealed class PolicyTimetable : IAsyncDisposable
{
    private readonly StandaloneSchedulerFactory _factory;
    private readonly IScheduler _scheduler;

    private PolicyTimetable(StandaloneSchedulerFactory factory, IScheduler scheduler) =>
        (_factory, _scheduler) = (factory, scheduler);

    /// <summary>
    /// Starts with an empty timetable. <paramref name="due"/> is called on a thread of Quartz at each fire time and
    /// must return at once.
    /// </summary>
    public static async Task<PolicyTimetable> StartAsync(
        Action<ResourceName> due,
        TimeProvider timeProvider,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        StandaloneSchedulerFactory factory = QuartzSchedulerBuilder.Create(quartz =>
        {
            quartz.Services.AddSingleton(loggers);
            quartz.UseInMemoryStore(_ => { });
            quartz.UseTimeProvider(timeProvider);
            quartz.UseJobFactory(new DueJobFactory(due));
        }).Build();
        IScheduler scheduler = await factory.GetScheduler(cancellationToken);
        await scheduler.Start(cancellationToken);
        return new PolicyTimetable(factory, scheduler);
    }

    /// <summary>
    /// Adds a policy to the timetable, or replaces its entry. An interval is counted from <paramref name="anchor"/>.
    /// </summary>
    /// <returns>The first fire time, which is in the future.</returns>
    public async Task<DateTimeOffset> ScheduleAsync(
        ResourceName policy, BackupSchedule schedule, DateTimeOffset anchor, CancellationToken cancellationToken)
    {
        DateTimeOffset first = QuartzSchedule.NextAfter(schedule, _scheduler.TimeProvider.GetUtcNow(), anchor);
        ITrigger trigger = TriggerBuilder.Create(_scheduler.TimeProvider)
            .WithIdentity(policy.Name, policy.Namespace)
            .StartAt(first)
            .WithSchedule(QuartzSchedule.Builder(schedule))
            .Build();
        IJobDetail job = JobBuilder.Create<DueJob>().WithIdentity(policy.Name, policy.Namespace).Build();
        return await _scheduler.ScheduleJob(job, trigger, ScheduleJobOptions.Replacing, cancellationToken);
    }

    /// <summary>Removes a policy from the timetable. Does nothing if the timetable does not contain it.</summary>
    public async Task RemoveAsync(ResourceName policy, CancellationToken cancellationToken) =>
        await _scheduler.DeleteJob(new JobKey(policy.Name, policy.Namespace), cancellationToken);

    /// <summary>Stops the timetable. No policy becomes due after this returns.</summary>
    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    private sealed class DueJob(Action<ResourceName> due) : IJob
    {
        ValueTask IJob.Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            due(new ResourceName(context.Trigger.Key.Group, context.Trigger.Key.Name));
            return ValueTask.CompletedTask;
        }
    }

    private sealed class DueJobFactory(Action<ResourceName> due) : IJobFactory
    {
        ValueTask<JobScope> IJobFactory.CreateJob(
            TriggerFiredBundle bundle, IScheduler scheduler, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new JobScope(new DueJob(due), null));

        ValueTask IJobFactory.ReturnJob(JobScope job, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
