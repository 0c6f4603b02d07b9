import type { OrchestrationContext, Task } from 'durable-functions';
import { ACTIVITY } from './names.ts';

/** Makes the plan that a call asked for and had no time to wait for; of a large baseline in several parts. */
export function* planBaseline(context: OrchestrationContext): Generator<Task, void, unknown> {
  const input = context.df.getInput<{
    readonly operationId: string;
    readonly baseline: string;
    readonly requestedBy: string;
  }>();
  for (;;) {
    const nowMs = context.df.currentUtcDateTime.getTime();
    const pauseSeconds = yield context.df.callActivity(ACTIVITY.plan, {
      ...input,
      nowIso: new Date(nowMs).toISOString(),
    });
    if (typeof pauseSeconds !== 'number') return;
    yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + pauseSeconds * 1_000));
  }
}
