import type { BaselineSpec } from '../baseline/spec.ts';
import type { Dependencies } from '../dependencies.ts';
import { contestedAt } from '../drift/contest.ts';
import { failingAt } from '../drift/failing.ts';
import { rejectedChanges } from '../drift/rejection.ts';
import type { Circumstances } from '../plan/guard.ts';
import type { LeftChanges } from '../plan/left-changes.ts';
import type { BaselineHead } from '../state/baseline-head.ts';
import type { Pause } from '../state/baseline-store.ts';
import type { RunDocument } from '../state/run.ts';
import { readCalledOff } from './called-off.ts';
import { circumstancesOf, differenceRulesOf, type GuardedRun } from './circumstances.ts';
import { beyondAsked, type DriftOfPlan, leftByRun, seeDriftOfPlan } from './drift-of-run.ts';
import { type MadePlan, makePlan, putAtOf } from './make-plan.ts';
import { hashesFailed } from './rows.ts';
import { readSetAside, type SetAside } from './set-aside.ts';
import { readInForce } from './spec-in-force.ts';

/** A plan of a run, before anything of it is judged. */
export interface PlanOfRun {
  readonly made: MadePlan;
  /** Undefined: the baseline has none any more. */
  readonly spec: BaselineSpec | undefined;
  /** The operation that waits while the run has stepped in before it. */
  readonly setAside: SetAside | undefined;
  /** What the run leaves to others, and what the person who asked for it is no word on. */
  readonly beside: Pick<GuardedRun, 'left' | 'drifted' | 'asked'>;
}

/** Plans that a run has made since it last came to rest. */
export function plansSinceRest({ plansMade, plansBefore = 0 }: RunDocument): number {
  return plansMade - plansBefore;
}

/** Plans a run against the world as it is. @throws as `makePlan`, and DriftRecordUnreadableError where nobody asked for the run. */
export async function planOfRun(
  dependencies: Dependencies,
  run: RunDocument,
  head: BaselineHead,
  nowIso: string,
): Promise<PlanOfRun> {
  // Without a spec there is nothing to plan, except to take away what an earlier teardown had to leave.
  const input = head.specVersion === 0 && run.teardown ? undefined : await readInForce(dependencies, head, run);
  const setAside = await readSetAside(dependencies, head, run);
  const calledOff = await readCalledOff(dependencies, head, input?.resolved, run, nowIso);
  const beside = {
    ...(await beyondAsked(dependencies, run)),
    ...leftOf(setAside?.left, ...(setAside?.beside ?? []), calledOff?.left),
  };
  const made = await makePlan(dependencies, {
    baseline: run.baseline,
    ...(input === undefined || run.teardown ? {} : { resolved: input.resolved }),
    ...(calledOff === undefined ? {} : { beforeCallOff: calledOff.before }),
    specVersion: head.specVersion,
    ...putAtOf(head),
    adjustments: head.adjustments,
    nowIso,
    rules: differenceRulesOf(input?.spec, head, {
      ...run,
      ...beside,
      contested: await leftByRun(dependencies, run, head, nowIso),
    }),
    ...(run.scope === undefined ? {} : { scope: run.scope }),
    ...(run.hints === undefined ? {} : { hints: run.hints }),
    ...(run.trigger === 'drift' && run.hints === undefined
      ? {
          scan: {
            readsEverything: run.readsEverything === true,
            alwaysRead: knownDrift(run),
            findsUnmanaged: plansSinceRest(run) === 0,
          },
        }
      : {}),
  });
  return { made, spec: input?.spec, setAside, beside };
}

function leftOf(...left: readonly (LeftChanges | undefined)[]): Pick<GuardedRun, 'left'> {
  const others = left.filter((one) => one !== undefined);
  return others.length === 0 ? {} : { left: others };
}

/** What an earlier plan of the run has found to differ: a new one would lose it by not looking. */
function knownDrift(run: RunDocument): readonly string[] {
  return [...Object.values(run.rows), ...run.refused].map(({ id }) => id);
}

/** What a plan of a run is judged by. */
export interface JudgingOfRun {
  readonly drift: DriftOfPlan;
  readonly circumstances: Circumstances;
}

/** Everything that the guard has to know of a plan of a run. @throws DriftRecordUnreadableError as `seeDriftOfPlan`. */
export async function judgingOfRun(
  dependencies: Pick<Dependencies, 'drift' | 'settings'>,
  run: RunDocument,
  head: BaselineHead,
  pause: Pause,
  { made, spec, setAside, beside }: PlanOfRun,
  nowIso: string,
): Promise<JudgingOfRun> {
  const drift = await seeDriftOfPlan(dependencies, run, head, made, { ...beside, setAside }, nowIso);
  // What this run itself has failed at is told by its rows, and not tried again in it.
  const failedHere = hashesFailed(run.rows);
  const circumstances = circumstancesOf(
    spec,
    head,
    pause,
    dependencies.settings.stopped,
    {
      operationId: run.operationId,
      attended: run.attended,
      ...(run.attendedOwner === undefined ? {} : { attendedOwner: run.attendedOwner }),
      teardown: run.teardown,
      requestedBy: run.requestedBy,
      requesters: run.requesters,
      managedCount: made.ledger.size,
      made: run,
      wasAsDeclared: made.wasAsDeclared,
      contested: contestedAt(drift.seen.record.contests, Date.parse(nowIso)),
      rejected: rejectedChanges(drift.seen.record.rejections),
      failing: failingAt(drift.seen.record.failing, Date.parse(nowIso)).filter(
        ({ changeHash }) => !failedHere.has(changeHash),
      ),
      ...beside,
    },
    made.protectedScopes,
    dependencies.settings.allowedScopes,
    nowIso,
  );
  return { drift, circumstances };
}
