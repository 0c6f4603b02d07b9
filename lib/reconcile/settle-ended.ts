import type { Dependencies } from '../dependencies.ts';
import type { Problem } from '../problem.ts';
import { type BaselineHead, type EndedOperation, liveOperationIds } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import { runFailedAtOnce, runNeverBegun } from './new-run.ts';
import { stopOperation } from './stop-operation.ts';
import { type TurnDependencies, tellTurn } from './tell-turn.ts';

const GIVEN_UP: Problem = {
  code: 'GivenUp',
  actor: 'us',
  message: 'The reconciler died again and again at this work.',
  remedy: 'Report this with the logs of the app; reconcile the baseline when the cause is gone.',
};

/** The document of an operation that ended before anything began. */
export function runOfEnded(head: BaselineHead, { request, end, at }: EndedOperation): RunDocument {
  return end === 'calledOff' ? runNeverBegun(head, request, at) : runFailedAtOnce(head, request, GIVEN_UP, at);
}

/**
 * Writes the documents of operations that a change of the baseline has ended, then takes them off it, so that whoever
 * follows them learns of their end. What an operation that was given up has in flight stays in its document for the
 * next one. May run twice; what it cannot write now stays with the baseline for the next time.
 */
export async function settleEnded(
  dependencies: TurnDependencies & Pick<Dependencies, 'runs' | 'baselines'>,
  seen: BaselineHead,
): Promise<void> {
  const told = new Set<string>();
  const begun = new Set<string>();
  for (const one of seen.ended ?? []) {
    const result = await settle(dependencies, seen, one);
    if (result === 'told') told.add(keyOf(one));
    if (result === 'begun') begun.add(keyOf(one));
  }
  if (told.size + begun.size === 0) return;
  await dependencies.baselines.change(seen.name, (head) => {
    let next: BaselineHead = head;
    const left = (head.ended ?? []).filter((one) => {
      if (told.has(keyOf(one))) return false;
      if (!begun.has(keyOf(one)) || !liveOperationIds(head).includes(one.request.operationId)) return true;
      // A turn had taken it up while it was called off: now it is stopped like any that runs.
      const stopped = stopOperation(next, one.request.operationId, one.by, one.at);
      if (stopped.outcome === 'stopping') next = stopped.head;
      return false;
    });
    const isUnchanged = left.length === (head.ended ?? []).length;
    return { head: isUnchanged ? null : { ...next, ended: left }, result: undefined };
  });
}

function keyOf({ request, end }: EndedOperation): string {
  return `${request.operationId} ${end}`;
}

/** `told`: its document says how it ended. `begun`: it was called off too late. `later`: somebody else wrote meanwhile. */
async function settle(
  dependencies: TurnDependencies & Pick<Dependencies, 'runs'>,
  head: BaselineHead,
  ended: EndedOperation,
): Promise<'told' | 'begun' | 'later'> {
  const stored = await dependencies.runs.read(ended.request.operationId);
  if (stored === null) {
    const written = await dependencies.runs.write(runOfEnded(head, ended), undefined);
    return written === 'conflict' ? 'later' : 'told';
  }
  const { run, etag } = stored;
  if (isFinalState(run.state) || run.joinedTo !== undefined) return 'told';
  // One that had begun, and made way for another one while it waited, has nothing in flight.
  if (ended.end === 'calledOff' && run.state === 'waiting') {
    const stopped = { ...run, state: 'stopped', decision: { next: 'end' }, endedAt: ended.at, wakeAt: null } as const;
    return (await dependencies.runs.write(stopped, etag)) === 'conflict' ? 'later' : 'told';
  }
  if (ended.end === 'calledOff') return 'begun';
  // The turn that wrote it may have died before it could tell.
  await tellTurn(dependencies, run);
  const over = { ...run, state: 'failed', problems: [...run.problems, GIVEN_UP], endedAt: ended.at } as const;
  return (await dependencies.runs.write(over, etag)) === 'conflict' ? 'later' : 'told';
}
