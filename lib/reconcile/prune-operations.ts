import type { RunStore } from '../state/run-store.ts';

/** Operations of a baseline that are kept; the journal keeps what they did. */
const KEPT_OPERATIONS = 100;
/** Most operations removed at the end of one: whatever is left goes at the next. */
const REMOVED_AT_ONCE = 5;
/** One that waited for long has an old number when it ends: whoever follows it sees how. */
const KEPT_AFTER_END_MS = 3_600_000;

/** Ids to remove of a baseline's operations, oldest first, none of the live ones. `ids` are newest first. Pure. */
export function operationsToPrune(ids: readonly string[], live: readonly string[]): readonly string[] {
  return ids
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
  nowIso: string,
): Promise<void> {
  for (const id of operationsToPrune(await runs.list(baseline), live)) {
    const stored = await runs.read(id);
    const lastAt = stored?.run.endedAt ?? stored?.run.createdAt;
    if (lastAt !== undefined && Date.parse(nowIso) - Date.parse(lastAt) < KEPT_AFTER_END_MS) continue;
    await runs.remove(id);
  }
}
