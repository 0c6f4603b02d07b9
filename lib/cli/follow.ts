import { isFinal, type OperationBody } from '../api/operation.ts';
import { CliError } from './cli-error.ts';
import type { Client } from './client.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { waitsForApproval } from './operation-view.ts';
import type { Progress } from './progress.ts';
import type { Interrupter, World } from './world.ts';

export interface FollowInput {
  readonly operationId: string;
  /** Go on waiting while nothing but an approval is missing. */
  readonly waitForApproval: boolean;
  /** Give up watching, not the operation, after so many minutes. Absent: watch to the end. */
  readonly timeoutMinutes?: number;
}

/** How watching ended. The operation itself goes on in every case but `final`. */
export interface Followed {
  readonly ended: 'final' | 'approval' | 'interrupted' | 'terminated' | 'timeout';
  readonly operation: OperationBody | undefined;
  readonly exitCode: ExitCode;
}

/** Between two looks, unless the app says otherwise in Retry-After. */
const POLL_SECONDS = 2;
const LONGEST_POLL_SECONDS = 15;
/** The app may restart while an operation runs: so long no answer is no reason to give up. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Watches an operation to its end and shows how it gets on. Ctrl-C ends the watching only.
 * @throws CliError when the app does not know the operation, or does not answer for five minutes.
 */
export async function follow(world: World, client: Client, progress: Progress, input: FollowInput): Promise<Followed> {
  const interrupted = new AbortController();
  let interrupter: Interrupter = 'person';
  const stopListening = world.onInterrupt((by) => {
    interrupter = by;
    interrupted.abort();
  });
  const startedMs = world.nowMs();
  let operation: OperationBody | undefined;
  let silentSinceMs: number | undefined;
  try {
    for (;;) {
      let pollSeconds = POLL_SECONDS;
      try {
        const reply = await client.getOperation(input.operationId, interrupted.signal);
        operation = reply.value;
        pollSeconds = Math.min(reply.retryAfterSeconds ?? POLL_SECONDS, LONGEST_POLL_SECONDS);
        silentSinceMs = undefined;
        progress.show(operation);
        const exitCode = exitCodeOf(operation);
        if (isFinal(operation.state)) return { ended: 'final', operation, exitCode };
        if (!input.waitForApproval && exitCode === EXIT.waitsForApproval) {
          return { ended: 'approval', operation, exitCode };
        }
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        if (!interrupted.signal.aborted) {
          if (!mayPass(error) || world.nowMs() - (silentSinceMs ?? world.nowMs()) > PATIENCE_MS) throw error;
          if (silentSinceMs === undefined) progress.say(`${error.message} The operation goes on; trying again.`);
          silentSinceMs ??= world.nowMs();
        }
      }
      if (interrupted.signal.aborted) {
        const ended = interrupter === 'person' ? 'interrupted' : 'terminated';
        return { ended, operation, exitCode: EXIT.interrupted };
      }
      if (input.timeoutMinutes !== undefined && world.nowMs() - startedMs >= input.timeoutMinutes * 60_000) {
        return { ended: 'timeout', operation, exitCode: EXIT.failed };
      }
      await world.sleep(Math.max(1, pollSeconds) * 1000, interrupted.signal);
    }
  } finally {
    stopListening();
    progress.end();
  }
}

/** The app restarts, or is busy: worth asking again. Everything else will not change by asking. */
function mayPass(error: CliError): boolean {
  return error.status === undefined ? error.exitCode === EXIT.failed : [429, 500, 502, 503, 504].includes(error.status);
}

/** How an operation stands, to the shell; one that goes on by itself is none that failed. Pure. */
export function exitCodeOf(operation: OperationBody): ExitCode {
  if (isFinal(operation.state)) return operation.state === 'succeeded' ? EXIT.done : EXIT.failed;
  return waitsForApproval(operation) ? EXIT.waitsForApproval : EXIT.done;
}
