import type { RunStore } from '../state/run-store.ts';

/** Operations of a baseline that are kept; the journal keeps what they did. */
const KEPT_OPERATIONS = 100;
/** Most operations removed at the end of one: whatever is left goes at the next. */
const REMOVED_AT_ONCE = 5;

/** Ids to remove of a baseline's operations, oldest first. `ids` are newest first. Pure. */
export function operationsToPrune(ids: readonly string[]): readonly string[] {
  return ids.slice(KEPT_OPERATIONS).reverse().slice(0, REMOVED_AT_ONCE);
}

/** Removes the documents of a baseline's oldest operations, so that its state does not grow for ever. */
export async function pruneOperations(runs: RunStore, baseline: string): Promise<void> {
  for (const id of operationsToPrune(await runs.list(baseline))) await runs.remove(id);
}
