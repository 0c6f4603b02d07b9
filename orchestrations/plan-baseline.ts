import type { OrchestrationContext, Task } from 'durable-functions';
import { ACTIVITY } from './names.ts';

/** Makes the plan that a call asked for and had no time to wait for. */
export function* planBaseline(context: OrchestrationContext): Generator<Task, void, unknown> {
  const input = context.df.getInput<{
    readonly operationId: string;
    readonly baseline: string;
    readonly requestedBy: string;
  }>();
  yield context.df.callActivity(ACTIVITY.plan, { ...input, nowIso: context.df.currentUtcDateTime.toISOString() });
}
