import type { FunctionsCore } from './core.ts';
import { hideCredentials } from './hide-credentials.ts';
import type { HostLog } from './host-log.ts';
import type { IndexedFunction } from './indexed-function.ts';
import { type InvocationInput, type InvocationOutcome, invokeFunction } from './invoke-function.ts';
import type { WorkTracker } from './work-tracker.ts';

export type TimedOutcome = InvocationOutcome & { readonly timedOut?: true };

/** Longest sleep that Node's timers take; a longer one would end at once. */
const MAX_SLEEP_MS = 2 ** 31 - 1;

/** Runs one function of the app; never throws. */
export type FunctionRunner = (target: IndexedFunction, input: InvocationInput) => Promise<TimedOutcome>;

/**
 * A runner that enforces host.json's `functionTimeout` in wall time and keeps count of what runs. A function that is
 * past its time counts as ended and failed; what it still does cannot be stopped here (in Azure the worker is restarted).
 */
export function functionRunner(
  core: FunctionsCore,
  tracker: WorkTracker,
  functionTimeoutMs: number | null,
  log: HostLog,
): FunctionRunner {
  return async (target, input) => {
    const ended = tracker.enter();
    tracker.count();
    try {
      const running = invokeFunction(core, target, input, log).then(withoutCredentials);
      if (functionTimeoutMs === null) return await running;
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<TimedOutcome>((resolve) => {
        timer = setTimeout(
          () => {
            const message = `Timeout value of ${timeSpan(functionTimeoutMs)} exceeded by function: ${target.name}`;
            log('error', 'A function ran into functionTimeout', { function: target.name, functionTimeoutMs });
            resolve({ invocationId: '', error: { message, stack: '' }, timedOut: true });
          },
          Math.min(functionTimeoutMs, MAX_SLEEP_MS),
        );
      });
      const outcome = await Promise.race([running, timeout]);
      clearTimeout(timer);
      return outcome;
    } finally {
      ended();
    }
  };
}

/** The host rewrites what looks like a credential in all errors, even in the state that an orchestrator's error holds. */
function withoutCredentials(outcome: InvocationOutcome): InvocationOutcome {
  if (outcome.error === undefined) return outcome;
  const { message, stack } = outcome.error;
  return { ...outcome, error: { message: hideCredentials(message), stack: hideCredentials(stack) } };
}

function timeSpan(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const time = new Date(ms % 86_400_000).toISOString().slice(11, 19);
  return days === 0 ? time : `${days}.${time}`;
}
