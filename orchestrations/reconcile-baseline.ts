import type { OrchestrationContext, RetryOptions, Task } from 'durable-functions';
import type { AdvanceRequest } from '../lib/reconcile/advance.ts';
import type { StartOutcome, StartRequest } from '../lib/reconcile/start-write.ts';
import type { Decision } from '../lib/state/run.ts';
import { ACTIVITY } from './names.ts';

/** What one generation of the orchestration begins with. */
export interface ReconcileInput {
  readonly version: 1;
  readonly baseline: string;
  readonly turn: number;
  readonly outcomes: readonly StartOutcome[];
}

/** Replay reads the entire history at each step, so a generation ends after so many turns or starts. */
const TURNS_PER_GENERATION = 30;
const STARTS_PER_GENERATION = 120;

/** How one orchestration yields a task and gets its typed result back. */
function* call<Result>(task: Task): Generator<Task, Result, unknown> {
  return (yield task) as Result;
}

/**
 * Brings one baseline to its desired state and ends when nothing is left to do or only outsiders can move it on.
 * 1. Advance: take in answers, look at what is in flight, plan, decide. 2. Start what was decided, all at once.
 * 3. Otherwise wait for as long as was decided. 4. Again, with a fresh history now and then.
 * It holds nothing itself: all state is in the baseline's documents, so that it may be started again at any point.
 */
export function createReconcileBaseline(retry: RetryOptions) {
  return function* reconcileBaseline(context: OrchestrationContext): Generator<Task, void, unknown> {
    const input = context.df.getInput<ReconcileInput | '' | null>();
    // An input that is left out arrives as an empty text.
    if (!input) throw new Error('The reconciler was started without an input.');
    const { baseline } = input;
    const { instanceId } = context.df;
    let { turn, outcomes } = input;
    let starts = 0;
    for (let turns = 0; turns < TURNS_PER_GENERATION && starts < STARTS_PER_GENERATION; turns++) {
      const nowIso = context.df.currentUtcDateTime.toISOString();
      const request: AdvanceRequest = { baseline, instanceId, turn, outcomes, nowIso };
      const decision = yield* call<Decision>(context.df.callActivityWithRetry(ACTIVITY.advance, retry, request));
      turn += 1;
      outcomes = [];
      switch (decision.next) {
        case 'end':
          return;
        case 'again':
          break;
        case 'wait':
          yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + decision.seconds * 1_000));
          break;
        case 'start': {
          const { operationId, planKey, generation, pauseGeneration, nodes } = decision;
          const tasks = nodes.map(({ id, attempt }) => {
            const start: StartRequest = {
              baseline,
              instanceId,
              operationId,
              planKey,
              generation,
              pauseGeneration,
              id,
              attempt,
              nowIso,
            };
            return context.df.callActivity(ACTIVITY.start, start);
          });
          outcomes = yield* call<StartOutcome[]>(context.df.Task.all(tasks));
          starts += tasks.length;
        }
      }
    }
    context.df.continueAsNew({ version: 1, baseline, turn, outcomes } satisfies ReconcileInput);
  };
}
