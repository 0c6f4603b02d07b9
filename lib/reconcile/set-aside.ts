import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Verdict, Waiting } from '../plan/guard.ts';
import { BEHIND_CODE, type LeftChanges } from '../plan/left-changes.ts';
import type { Refusal } from '../plan/plan.ts';
import { type BaselineHead, steppedBackIds } from '../state/baseline-head.ts';
import type { PlanDocument, RunDocument, RunRow } from '../state/run.ts';

/** What a run that steps in has to know of the operation that waits meanwhile. */
export interface SetAside {
  readonly operationId: string;
  readonly requestedBy: string;
  readonly left: LeftChanges;
  /** For a look for drift: what the operations have yet to do that have stepped back, and wait beside. */
  readonly beside: readonly LeftChanges[];
  /** It compared everything that is declared, under this version of the spec; null: only a part. */
  readonly comparedVersion: number | null;
  /** Normalised ids of what its plan has left as it is, so that nobody knows it as declared. */
  readonly refusedIds: ReadonlySet<string>;
  /** Nobody asked for it and it may do all that drift asks for: it can ask somebody for what the look before it found. */
  readonly asksForDrift: boolean;
}

/** Of the operation that is set aside for a run; undefined: none is. */
export async function readSetAside(
  dependencies: Pick<Dependencies, 'runs'>,
  head: Pick<BaselineHead, 'requests'>,
  { operationId, setAside, trigger }: Pick<RunDocument, 'operationId' | 'setAside' | 'trigger'>,
): Promise<SetAside | undefined> {
  const waiting = setAside === undefined ? undefined : await readWaiting(dependencies, setAside);
  if (waiting === undefined) return undefined;
  const steppedBack = trigger === 'drift' ? steppedBackIds(head).filter((id) => id !== operationId) : [];
  const beside = await Promise.all(steppedBack.map((id) => readWaiting(dependencies, id)));
  return { ...waiting, beside: beside.flatMap((one) => one?.left ?? []) };
}

async function readWaiting({ runs }: Pick<Dependencies, 'runs'>, id: string): Promise<SetAside | undefined> {
  const run = (await runs.read(id))?.run;
  if (run === undefined) return undefined;
  return setAsideOf(run, run.planKey === '' ? undefined : await runs.readPlan(id, run.planKey));
}

/** What an operation has made, or failed at and does not try again: nothing of it is left to it. */
const SETTLED_STATES: ReadonlySet<RunRow['state']['name']> = new Set(['done', 'failed', 'blocked']);

/** The same from its documents. Pure. */
export function setAsideOf(
  waiting: Pick<
    RunDocument,
    'operationId' | 'requestedBy' | 'rows' | 'refused' | 'scope' | 'hints' | 'specVersion' | 'attended' | 'trigger'
  >,
  document: Pick<PlanDocument, 'plan'> | undefined,
): SetAside {
  const { operationId, requestedBy, rows, refused, scope, hints, specVersion, attended, trigger } = waiting;
  const settled = new Set(
    Object.values(rows).flatMap(({ id, state }) => (SETTLED_STATES.has(state.name) ? [normaliseId(id)] : [])),
  );
  return {
    operationId,
    requestedBy,
    left: {
      operationId,
      changes: (document?.plan.changes ?? []).filter(({ id }) => !settled.has(normaliseId(id))),
    },
    beside: [],
    comparedVersion: document !== undefined && scope === undefined && hints === undefined ? specVersion : null,
    refusedIds: new Set(refused.map(({ id }) => normaliseId(id))),
    asksForDrift: trigger === 'drift' && !attended && scope === undefined,
  };
}

/** What the guard says of a run that steps in. */
export interface SteppedIn {
  /** Nothing in it waits for anybody: what would is refused. */
  readonly verdict: Verdict;
  /** What is refused only since the run does not wait. */
  readonly behind: readonly Waiting[];
}

/**
 * A run that steps in does not wait itself, and asks for nothing: what needs a person, a window or a budget is left to the
 * next scan after the operation that waits already. Back-offs last seconds and stay. `own`: normalised ids of what the run
 * is there for and would step back with: that stays as well. Pure.
 */
export function withoutWaits(
  verdict: Verdict,
  setAside: Pick<SetAside, 'operationId' | 'requestedBy'>,
  own: ReadonlySet<string>,
): SteppedIn {
  const isLeft = (one: Waiting) => !isBrief(one) && !own.has(normaliseId(one.id));
  return withWaitsLeft(verdict, isLeft, BEHIND_CODE, (one) => behindText(one, setAside));
}

/** A drift that a person's run leaves to the next look, since it would have to wait. */
const LEFT_TO_LOOK_CODE = 'LeftToNextLook';

/**
 * A person's run waits for what that person asked for. Of what nobody asked for it only asks whether it may be done; any
 * other wait is left to the next look for drift. `ids`: normalised, of what nobody asked for. Pure.
 */
export function withoutWaitsNotAskedFor(verdict: Verdict, ids: readonly string[]): SteppedIn {
  const isLeft = (one: Waiting) => one.for !== 'approval' && ids.includes(normaliseId(one.id));
  return withWaitsLeft(
    verdict,
    isLeft,
    LEFT_TO_LOOK_CODE,
    ({ why }) => `${why} It is left to the next look for drift.`,
  );
}

function withWaitsLeft(
  verdict: Verdict,
  isLeft: (one: Waiting) => boolean,
  code: string,
  textOf: (one: Waiting) => string,
): SteppedIn {
  const behind = verdict.waiting.filter(isLeft).map((one) => ({ ...one, untilIso: null, why: textOf(one) }));
  const refused = behind.map(({ id, why, cause }): Refusal => {
    const refusal = { id, code, why };
    return cause === undefined ? refusal : { ...refusal, cause };
  });
  return {
    verdict: {
      ...verdict,
      waiting: verdict.waiting.filter((one) => !isLeft(one)),
      refused: [...verdict.refused, ...refused],
    },
    behind,
  };
}

const LEFT_CODES = new Set([BEHIND_CODE, LEFT_TO_LOOK_CODE]);

/** A verdict as people are to be told of it: what is left waits, behind whom, and for what. Pure. */
export function toldVerdict(
  { refused, waiting }: Pick<Verdict, 'refused' | 'waiting'>,
  behind: readonly Waiting[],
): Pick<Verdict, 'refused' | 'waiting'> {
  const ids = new Set(behind.map(({ id }) => normaliseId(id)));
  return {
    refused: refused.filter(({ id, code }) => !LEFT_CODES.has(code) || !ids.has(normaliseId(id))),
    waiting: [...waiting, ...behind],
  };
}

/** Whether it lasts seconds, as between two writers: a run that has stepped in sits it out. */
export function isBrief({ for: what }: Pick<Waiting, 'for'>): boolean {
  return what === 'backOff';
}

function behindText(
  { why }: Waiting,
  { operationId, requestedBy }: Pick<SetAside, 'operationId' | 'requestedBy'>,
): string {
  return `${why} It is left until the operation ${operationId} of ${requestedBy}, which waits, is over.`;
}
