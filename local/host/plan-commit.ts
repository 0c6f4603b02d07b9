import type { EpisodeConclusion } from './conclude-episode.ts';
import type { ActivityJob, Instance, StoredTimer } from './durable-store.ts';
import { EventType, type HistoryEvent } from './history-event.ts';
import type { HostSettings } from './host-settings.ts';
import { type EventDraft, newExecutionId, stamp } from './instance-events.ts';
import type { Task } from './interpret-actions.ts';
import type { JsonValue } from './json-value.ts';

type CommitSettings = Pick<HostSettings, 'defaultVersion' | 'storeInputsInOrchestrationHistory'>;

/** A task that an episode scheduled: its event, and the row from which it is done. */
export interface OutboxEntry {
  readonly event: EventDraft;
  readonly job?: ActivityJob;
  readonly timer?: StoredTimer;
  readonly child?: Instance;
}

/** What one episode writes. */
export interface CommitPlan {
  /** The instance as it is afterwards; of another execution when it continued as new. */
  readonly next: Instance;
  readonly appended: readonly HistoryEvent[];
  readonly outbox: readonly OutboxEntry[];
  /** The text with which it failed. */
  readonly failure: string | undefined;
}

/** Works out what an episode writes. `news` are OrchestratorStarted and the messages it took. */
export function planCommit(
  instance: Instance,
  news: readonly HistoryEvent[],
  conclusion: EpisodeConclusion,
  nowMs: number,
  settings: CommitSettings,
): CommitPlan {
  const { end, customStatus } = conclusion;
  const outbox = conclusion.newTasks.map((task) => outboxEntry(instance, task, nowMs, settings));
  const scheduled = outbox.map((entry) => entry.event);
  const frameEnd = { EventType: EventType.OrchestratorCompleted };
  const appended = [...news, ...[...scheduled, ...endEvents(end), frameEnd].map((event) => stamp(nowMs, event))];
  const failure = end.kind === 'failed' ? `Orchestrator function '${instance.name}' failed: ${end.error}` : undefined;
  const status = customStatus === undefined ? instance.customStatus : JSON.stringify(customStatus);
  return { next: nextInstance(instance, { ...end, failure }, status, nowMs), appended, outbox, failure };
}

function outboxEntry(
  { instanceId, executionId, name }: Instance,
  task: Task,
  nowMs: number,
  settings: CommitSettings,
): OutboxEntry {
  switch (task.kind) {
    case 'activity': {
      const input = jsonText(task.input);
      return {
        event: {
          EventType: EventType.TaskScheduled,
          EventId: task.id,
          Name: task.name,
          Version: null,
          Input: settings.storeInputsInOrchestrationHistory ? input : null,
        },
        job: { instanceId, executionId, taskId: task.id, name: task.name, input, attempts: 0 },
      };
    }
    case 'timer': {
      const event = {
        EventType: EventType.TimerCreated,
        EventId: task.id,
        FireAt: new Date(task.fireAtMs).toISOString(),
      };
      if (task.isCanceled) return { event };
      return { event, timer: { instanceId, executionId, taskId: task.id, fireAtMs: task.fireAtMs } };
    }
    case 'subOrchestration': {
      const child: Instance = {
        instanceId: task.instanceId ?? `${executionId}:${task.id}`,
        executionId: newExecutionId(),
        name: task.name,
        version: task.version ?? settings.defaultVersion ?? null,
        status: 'Pending',
        input: jsonText(task.input),
        output: null,
        customStatus: null,
        createdMs: nowMs,
        updatedMs: nowMs,
        parent: { instanceId, executionId, name, taskId: task.id },
      };
      return {
        event: {
          EventType: EventType.SubOrchestrationInstanceCreated,
          EventId: task.id,
          Name: task.name,
          InstanceId: child.instanceId,
          Input: settings.storeInputsInOrchestrationHistory ? child.input : null,
          Version: child.version,
        },
        child,
      };
    }
  }
}

function nextInstance(
  instance: Instance,
  end: EpisodeConclusion['end'] & { readonly failure: string | undefined },
  customStatus: string | null,
  nowMs: number,
): Instance {
  const same = { ...instance, customStatus, updatedMs: nowMs };
  switch (end.kind) {
    case 'running':
      return { ...same, status: 'Running' };
    case 'completed':
      return { ...same, status: 'Completed', output: jsonText(end.output) };
    case 'failed':
      return { ...same, status: 'Failed', output: JSON.stringify(end.failure) };
    case 'continuedAsNew':
      return {
        ...same,
        status: 'Running',
        executionId: newExecutionId(),
        input: jsonText(end.input),
        createdMs: nowMs,
      };
  }
}

function endEvents(end: EpisodeConclusion['end']): readonly EventDraft[] {
  if (end.kind === 'completed') return [{ EventType: EventType.ExecutionCompleted, Result: jsonText(end.output) }];
  if (end.kind === 'failed') return [{ EventType: EventType.ExecutionFailed, Reason: end.error, Details: end.error }];
  return [];
}

function jsonText(value: JsonValue | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
