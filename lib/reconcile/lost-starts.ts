import type { Dependencies } from '../dependencies.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { RunDocument, RunRow } from '../state/run.ts';
import { withSpent } from './budget.ts';
import { deadlineMs } from './retry-policy.ts';

/**
 * A run as another reconciler finds it that takes over from one that died: the answers of the starts which that one
 * handed out never come. What the ledger says was about to be written is looked up in Azure from now on; the rest was
 * never sent and is started anew.
 */
export async function withLostStarts(
  dependencies: Pick<Dependencies, 'ledger'>,
  run: RunDocument,
  instanceId: string,
  nowIso: string,
): Promise<RunDocument> {
  const isOwn = run.stamp.startsWith(`${instanceId}:`);
  const lost = Object.values(run.rows).filter((row) => row.state.name === 'starting');
  if (isOwn || lost.length === 0) return run;
  const rows: Record<string, RunRow> = { ...run.rows };
  const sent: RunRow[] = [];
  for (const row of lost) {
    if (row.state.name !== 'starting') continue;
    const { startedAtMs } = row.state;
    const entry = await dependencies.ledger.read(run.baseline, row.id);
    const isSent = entry !== null && wasSent(entry, run.operationId, new Date(startedAtMs).toISOString());
    if (isSent) sent.push(row);
    rows[row.id] = isSent
      ? {
          ...row,
          state: { name: 'running', startedAtMs, nextPollAtMs: Date.parse(nowIso) },
          handle: { by: 'resource', expect: entry.state === 'deleting' ? 'absent' : 'present' },
          writes: row.writes + 1,
          deadlineMs: deadlineMs(startedAtMs, row.former?.estimatedMinutes ?? LONGEST_MINUTES),
        }
      : { ...row, state: { name: 'pending' } };
  }
  return { ...withSpent(run, sent, nowIso), rows, replan: true };
}

/**
 * Whether a start of that time has sent its write. One that is confirmed later has ended in a turn that died before it
 * could say so; at the very time of the start it is one that was taken back.
 */
function wasSent({ state, at, operationId }: LedgerEntry, ofRun: string, startedAt: string): boolean {
  return state === 'confirmed' ? operationId === ofRun && at > startedAt : at === startedAt;
}

/** Estimate for a write whose plan is not at hand: no resource of a baseline takes longer. */
const LONGEST_MINUTES = 60;
