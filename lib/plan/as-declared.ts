import { type DesiredGraph, normaliseId } from './graph.ts';
import { shortHash } from './hash.ts';
import type { LedgerEntry } from './ledger.ts';

/**
 * Whether a resource, by its id, is known to have been as it is declared: it was written since that was put, but for what
 * another operation was to settle, or it was as just that under an earlier spec. Whatever differs there has been changed by
 * others since. `ledger`: by normalised id; `putAtIso`: when the spec was put, absent: it is not in force. Pure.
 */
export function knownAsDeclared(
  { nodes }: DesiredGraph,
  ledger: ReadonlyMap<string, LedgerEntry>,
  putAtIso: string | undefined,
): (id: string) => boolean {
  const bodies = new Map(nodes.map(({ id, body }) => [normaliseId(id), body]));
  return (id) => {
    const key = normaliseId(id);
    const entry = ledger.get(key);
    if (entry?.state !== 'confirmed') return false;
    if (putAtIso !== undefined && entry.at > putAtIso && entry.partly !== true) return true;
    const body = bodies.get(key);
    return body !== undefined && entry.confirmedBody === shortHash(body);
  };
}
