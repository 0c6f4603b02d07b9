import { randomUUID } from 'node:crypto';
import type { Instance } from './durable-store.ts';
import { EventType, type HistoryEvent } from './history-event.ts';

/** An event before it has a time. */
export type EventDraft = Partial<HistoryEvent> & { readonly EventType: number };

/** Whether an instance has come to its end. */
export function isFinal({ status }: Pick<Instance, 'status'>): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated';
}

/** The identity of a new generation: 32 hexadecimal digits. */
export function newExecutionId(): string {
  return randomUUID().replaceAll('-', '');
}

/** A complete event at a time. */
export function stamp(nowMs: number, event: EventDraft): HistoryEvent {
  return { EventId: -1, IsPlayed: false, Timestamp: new Date(nowMs).toISOString(), ...event };
}

/** The event that begins a generation. */
export function executionStarted(instance: Instance, nowMs: number): HistoryEvent {
  const { instanceId, executionId, name, version, input, parent } = instance;
  return stamp(nowMs, {
    EventType: EventType.ExecutionStarted,
    Name: name,
    Version: version,
    Input: input,
    OrchestrationInstance: { InstanceId: instanceId, ExecutionId: executionId },
    ParentInstance:
      parent === null
        ? null
        : {
            Name: parent.name,
            OrchestrationInstance: { InstanceId: parent.instanceId, ExecutionId: parent.executionId },
            TaskScheduleId: parent.taskId,
          },
    Tags: null,
  });
}
