import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { RunDocument, RunRow } from '../state/run.ts';
import { withSpent } from './budget.ts';
import { changesById } from './changes-by-id.ts';
import type { PlanReader } from './plan-reader.ts';
import { deadlineMs } from './retry-policy.ts';

/**
 * A run as another reconciler finds it that takes over from one that died: the answers of the starts which that one
 * handed out never come. What the ledger says was about to be written is looked up in Azure from now on; the rest was
 * never sent and is started anew.
 */
export async function withLostStarts(
  dependencies: Pick<Dependencies, 'ledger'>,
  run: RunDocument,
  plans: Pick<PlanReader, 'of'>,
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
    const expect =
      entry === null
        ? await expectedWhereForgotten(row, plans)
        : expectedIfSent(entry, run.operationId, new Date(startedAtMs).toISOString());
    if (expect !== undefined) sent.push(row);
    rows[row.id] =
      expect === undefined
        ? { ...row, state: { name: 'pending' } }
        : {
            ...row,
            state: { name: 'running', startedAtMs, nextPollAtMs: Date.parse(nowIso) },
            handle: { by: 'resource', expect },
            writes: row.writes + 1,
            deadlineMs: deadlineMs(startedAtMs, row.former?.estimatedMinutes ?? LONGEST_MINUTES),
          };
  }
  return { ...withSpent(run, sent, nowIso), rows, replan: true };
}

type Expected = 'present' | 'absent';

/**
 * What a start of that time has left if it has sent its write; undefined: it has not. One that is confirmed later has
 * ended in a turn that died before it could say so; at the very time of the start it is one that was taken back.
 */
function expectedIfSent(
  { state, at, operationId }: LedgerEntry,
  ofRun: string,
  startedAt: string,
): Expected | undefined {
  const wasSent = state === 'confirmed' ? operationId === ofRun && at > startedAt : at === startedAt;
  if (!wasSent) return undefined;
  return state === 'deleting' ? 'absent' : 'present';
}

/**
 * The same where the ledger knows nothing. What takes away all that is ours has its ledger row until a turn sees its
 * end: that turn died before it could say so. Anything else was never sent.
 */
async function expectedWhereForgotten(
  { id, plan }: RunRow,
  plans: Pick<PlanReader, 'of'>,
): Promise<Expected | undefined> {
  if (plan === undefined) return undefined;
  const document = await plans.of(plan);
  const key = normaliseId(id);
  if (document.nodes[key] !== undefined) return undefined;
  return changesById(document.plan).get(key)?.action === 'delete' ? 'absent' : 'present';
}

/** Estimate for a write whose plan is not at hand: no resource of a baseline takes longer. */
const LONGEST_MINUTES = 60;
