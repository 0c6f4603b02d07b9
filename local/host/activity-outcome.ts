import type { TimedOutcome } from './function-runner.ts';
import { EventType } from './history-event.ts';
import type { EventDraft } from './instance-events.ts';
import { typedDataToJson } from './typed-data.ts';

/** The event that tells an orchestration how one of its activities ended. */
export function activityEvent(name: string, taskId: number, { error, response }: TimedOutcome): EventDraft {
  if (error === undefined) {
    const result = typedDataToJson(response?.returnValue);
    return { EventType: EventType.TaskCompleted, TaskScheduledId: taskId, Result: result };
  }
  return {
    EventType: EventType.TaskFailed,
    TaskScheduledId: taskId,
    Reason: `Activity function '${name}' failed: ${error.message}`,
    Details: error.message,
  };
}

/** Whether two runs of an activity ended alike: same value on the wire, or same error. */
export function isSameOutcome(one: TimedOutcome, other: TimedOutcome): boolean {
  return outcomeText(one) === outcomeText(other);
}

function outcomeText({ error, response }: TimedOutcome): string | null {
  return error === undefined ? typedDataToJson(response?.returnValue) : `failed: ${error.message}`;
}
