import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';
import type { PlanOperationRequest } from '../lib/reconcile/plan-operation.ts';
import { ACTIVITY } from './names.ts';

/** Longest text of a failure that is handed on. */
const LONGEST_REASON = 300;

/**
 * Makes the plan that a call asked for and had no time to wait for: of a large baseline in several parts, and once more
 * after a pause when Azure is not well. Where it fails for good it still ends the operation, so that whoever follows it
 * learns of it.
 */
export function createPlanBaseline(retry: RetryOptions) {
  return function* planBaseline(context: OrchestrationContext): Generator<Task, void, unknown> {
    const input = context.df.getInput<Omit<PlanOperationRequest, 'nowIso' | 'failure'>>();
    const requestNow = (): Record<string, unknown> => ({
      ...input,
      nowIso: context.df.currentUtcDateTime.toISOString(),
    });
    for (;;) {
      let pauseSeconds: unknown;
      try {
        pauseSeconds = yield context.df.callActivityWithRetry(ACTIVITY.plan, retry, requestNow());
      } catch (error) {
        const failure = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON);
        yield context.df.callActivityWithRetry(ACTIVITY.plan, retry, { ...requestNow(), failure });
        return;
      }
      if (typeof pauseSeconds !== 'number') return;
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + pauseSeconds * 1_000));
    }
  };
}
