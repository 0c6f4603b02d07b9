import type { JsonValue } from './json-value.ts';

/** Numbers of the history events that occur here, as the Durable protocol counts them. */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionFailed: 2,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventRaised: 15,
  ContinueAsNew: 16,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

/** One event of an orchestration's history in wire form. Which further members there are depends on `EventType`. */
export interface HistoryEvent {
  readonly EventType: number;
  /** The task's number for events that schedule one, else -1. */
  readonly EventId: number;
  readonly IsPlayed: boolean;
  /** ISO text of the simulated time. */
  readonly Timestamp: string;
  readonly Name?: string;
  readonly Version?: string | null;
  /** JSON text. */
  readonly Input?: string | null;
  /** JSON text. */
  readonly Result?: string | null;
  readonly Reason?: string;
  readonly Details?: string;
  readonly TaskScheduledId?: number;
  readonly TimerId?: number;
  readonly FireAt?: string;
  readonly InstanceId?: string;
  readonly OrchestrationInstance?: { readonly InstanceId: string; readonly ExecutionId: string };
  readonly ParentInstance?: JsonValue;
  readonly Tags?: JsonValue;
}

/** The name of an event's type, for messages. */
export function eventTypeName(eventType: number): string {
  const entry = Object.entries(EventType).find(([, number]) => number === eventType);
  return entry === undefined ? `event ${eventType}` : entry[0];
}
