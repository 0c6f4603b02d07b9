import type { BaselineHead } from '../state/baseline-head.ts';
import { isFinalState, type RunDocument } from '../state/run.ts';
import type { RunStore } from '../state/run-store.ts';

/** Operations of a baseline that are kept, quiet ones not counted; the journal keeps what they did. */
const KEPT_OPERATIONS = 100;
/** Quiet operations that are kept: events may bring hundreds an hour, and nobody looks for what changed nothing. */
const KEPT_QUIET_OPERATIONS = 10;
/** Most operations removed at the end of one: whatever is left goes at the next. */
const REMOVED_AT_ONCE = 5;
/** One that waited for long has an old number when it ends: whoever follows it sees how. */
const KEPT_AFTER_END_MS = 3_600_000;

/** Whether a run is over that only compared: nobody asked for it, and it has written nothing. */
function isQuiet({ trigger, state, rows }: RunDocument): boolean {
  return trigger === 'drift' && isFinalState(state) && Object.values(rows).every(({ writes }) => writes === 0);
}

/**
 * The quiet operations of a baseline that are kept after a turn of a run, newest first: the run itself, comparisons that
 * have joined a run in it, and the latest of those before, less what `pruneQuietOperations` has removed. Pure.
 */
export function quietOperationsAfter(
  { quietOperations = [] }: Pick<BaselineHead, 'quietOperations'>,
  run: RunDocument,
  consumed: BaselineHead['requests'],
): readonly string[] {
  const joined = consumed
    .filter(({ trigger, operationId }) => trigger === 'drift' && operationId !== run.operationId)
    .map(({ operationId }) => operationId);
  const added = [...(isQuiet(run) ? [run.operationId] : []), ...joined.toReversed()];
  const known = quietOperations.slice(0, KEPT_QUIET_OPERATIONS);
  return [...added.filter((id) => !known.includes(id)), ...known];
}

/** Removes the documents of the quiet operations that are no longer kept, also while another operation waits for long. */
export async function pruneQuietOperations(
  runs: RunStore,
  { quietOperations = [] }: Pick<BaselineHead, 'quietOperations'>,
): Promise<void> {
  for (const id of quietOperations.slice(KEPT_QUIET_OPERATIONS)) await runs.remove(id);
}

/**
 * Ids to remove of a baseline's operations, oldest first, none of the live and none of the quiet ones. `ids` are newest
 * first. Pure.
 */
export function operationsToPrune(
  ids: readonly string[],
  live: readonly string[],
  quiet: readonly string[],
): readonly string[] {
  return ids
    .filter((id) => !quiet.includes(id))
    .slice(KEPT_OPERATIONS)
    .filter((id) => !live.includes(id))
    .reverse()
    .slice(0, REMOVED_AT_ONCE);
}

/** Removes the documents of a baseline's oldest operations, so that its state does not grow for ever. */
export async function pruneOperations(
  runs: RunStore,
  baseline: string,
  live: readonly string[],
  quiet: readonly string[],
  nowIso: string,
): Promise<void> {
  for (const id of operationsToPrune(await runs.list(baseline), live, quiet)) {
    const stored = await runs.read(id);
    const lastAt = stored?.run.endedAt ?? stored?.run.createdAt;
    if (lastAt !== undefined && Date.parse(nowIso) - Date.parse(lastAt) < KEPT_AFTER_END_MS) continue;
    await runs.remove(id);
  }
}
