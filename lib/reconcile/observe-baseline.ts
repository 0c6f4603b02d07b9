import { ObservationPausedError, observe } from '../azure/observe.ts';
import type { ResourceReference } from '../azure/read-plan.ts';
import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import { idsThatWereThere, type LedgerEntry } from '../plan/ledger.ts';
import type { Observed } from '../plan/plan.ts';
import type { KeptReads } from '../state/kept-reads-store.ts';

/** What was read longer ago may have changed: it is read again. */
const READS_ARE_GOOD_FOR_MINUTES = 10;

/** A look at a few resources only. */
export interface FewResources {
  /** What is known already: part of the answer, and not read again. */
  readonly known: Observed;
  /** ISO times since when single resources may be otherwise, by normalised id: an earlier read says nothing about them. */
  readonly changedAtIso: ReadonlyMap<string, string>;
}

/**
 * Reads what is there of a baseline. A large one needs more calls than ARM admits at once (250 reads, then 25 a second),
 * and nobody may sleep in an activity: what was read is kept, and the next try goes on from there.
 * @throws ObservationPausedError when it is to be called again after a while; otherwise as `observe`.
 */
export async function observeBaseline(
  { arm, keptReads }: Pick<Dependencies, 'arm' | 'keptReads'>,
  baseline: string,
  references: readonly ResourceReference[],
  ledger: ReadonlyMap<string, LedgerEntry>,
  nowIso: string,
  few?: FewResources,
): Promise<Observed> {
  const kept = await keptReads.read(baseline);
  const already =
    kept === null ? new Map<string, JsonObject | null>() : stillGood(kept, ledger, few?.changedAtIso, nowIso);
  const known: Observed = few?.known ?? new Map();
  try {
    const options = { already, known, wasThere: idsThatWereThere(ledger.values()), isFew: few !== undefined };
    const observed = await observe(arm, references, kindOf, options);
    if (kept !== null) await keptReads.remove(baseline);
    return observed;
  } catch (error) {
    if (error instanceof ObservationPausedError) {
      const sinceIso = already.size > 0 && kept !== null ? kept.sinceIso : nowIso;
      await keptReads.write(baseline, { sinceIso, bodies: Object.fromEntries([...known, ...error.read]) });
    }
    throw error;
  }
}

/** Not what is old, nor what has been written since. */
function stillGood(
  { sinceIso, bodies }: KeptReads,
  ledger: ReadonlyMap<string, LedgerEntry>,
  changedAtIso: ReadonlyMap<string, string> | undefined,
  nowIso: string,
): ReadonlyMap<string, JsonObject | null> {
  const sinceMs = Date.parse(sinceIso);
  if (Date.parse(nowIso) - sinceMs > READS_ARE_GOOD_FOR_MINUTES * 60_000) return new Map();
  return new Map(
    Object.entries(bodies).filter(([id]) => {
      const times = [ledger.get(normaliseId(id))?.at, changedAtIso?.get(normaliseId(id))];
      return times.every((at) => at === undefined || Date.parse(at) < sinceMs);
    }),
  );
}
