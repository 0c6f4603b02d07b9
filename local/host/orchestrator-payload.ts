import type { Instance } from './durable-store.ts';
import { EventType, type HistoryEvent } from './history-event.ts';

export interface EpisodeInput {
  readonly instance: Pick<Instance, 'instanceId' | 'input' | 'parent'>;
  /** Events of earlier episodes. */
  readonly past: readonly HistoryEvent[];
  /** OrchestratorStarted and the messages of this episode. */
  readonly news: readonly HistoryEvent[];
}

/** The text that an orchestrator function is called with. Announces schema V3, and the durations of Azure Storage. */
export function orchestratorPayload({ instance, past, news }: EpisodeInput): string {
  return JSON.stringify({
    history: [
      ...past.map((event) => (event.IsPlayed ? event : { ...event, IsPlayed: true })),
      ...news.map((event) => (event.IsPlayed ? { ...event, IsPlayed: false } : event)),
    ],
    input: instance.input === null ? null : JSON.parse(instance.input),
    instanceId: instance.instanceId,
    isReplaying: past.some((event) => event.EventType === EventType.ExecutionStarted),
    parentInstanceId: instance.parent?.instanceId ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 2,
    maximumShortTimerDuration: '6.00:00:00',
    longRunningTimerIntervalDuration: '3.00:00:00',
    // The missing "i" is part of the name.
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  });
}
