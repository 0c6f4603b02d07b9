import { saysAbsent } from '../azure/arm-answer.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { JournalEntry } from '../state/journal.ts';
import { isInFlight, type RunDocument } from '../state/run.ts';
import type { MadePlan } from './make-plan.ts';

/** Rows at the same time. */
const PARALLEL = 8;

/**
 * Removes the ledger rows, and this baseline's claims, that a plan found to stand for nothing. What a list did not show
 * is asked for by its id first; what this run has in flight is left until it has ended. The journal tells of it before
 * it is done. May run twice.
 */
export async function forget(
  dependencies: Pick<Dependencies, 'arm' | 'ledger' | 'journal'>,
  run: Pick<RunDocument, 'baseline' | 'operationId' | 'trigger' | 'requestedBy' | 'rows'>,
  made: Pick<MadePlan, 'plan' | 'ledger' | 'observed'>,
  nowIso: string,
): Promise<void> {
  const moving = new Set(
    Object.values(run.rows)
      .filter(isInFlight)
      .map(({ id }) => normaliseId(id)),
  );
  const queue = (made.plan.forget ?? []).flatMap((id) =>
    moving.has(normaliseId(id)) ? [] : (made.ledger.get(normaliseId(id)) ?? []),
  );
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL, queue.length) }, async () => {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
        const isSeen = made.observed.get(normaliseId(entry.id)) !== null;
        if (!isSeen && !(await isGone(dependencies, entry))) continue;
        await dependencies.journal.append([lineOf(run, entry.id, nowIso)]);
        await dependencies.ledger.release(run.baseline, entry.id);
        await dependencies.ledger.remove(run.baseline, entry.id);
      }
    }),
  );
}

function lineOf(
  {
    baseline,
    operationId,
    trigger,
    requestedBy,
  }: Pick<RunDocument, 'baseline' | 'operationId' | 'trigger' | 'requestedBy'>,
  resource: string,
  at: string,
): JournalEntry {
  return {
    at,
    baseline,
    operationId,
    trigger,
    by: requestedBy,
    resource,
    decision: 'forgotten',
    reason: 'It is no longer declared, and nothing of it is left that Hubkeeper made.',
  };
}

async function isGone({ arm }: Pick<Dependencies, 'arm'>, { id, kind }: LedgerEntry): Promise<boolean> {
  return saysAbsent(await arm.send({ method: 'GET', target: id, apiVersion: kindOf(kind).apiVersion }));
}
