import { type DesiredNode, normaliseId } from './graph.ts';
import { hashOf } from './hash.ts';
import type { KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { mergeForWrite, ownedBeforeOf } from './merge.ts';
import type { Observed, Plan } from './plan.ts';

/** What a plan was made from. */
export interface PlannedWorld {
  readonly plan: Pick<Plan, 'changes'>;
  /** Desired nodes by normalised id. */
  readonly nodes: ReadonlyMap<string, Pick<DesiredNode, 'body'>>;
  readonly observed: Observed;
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
}

/**
 * A digest of what each change would send, by normalised id: it moves with everything of the resource that somebody can
 * write, and with nothing that Azure changes by itself. Of a delete it is of what is there. Pure.
 */
export function worldsOf(
  { plan, nodes, observed, ledger }: PlannedWorld,
  kinds: (name: string) => KindRules,
): ReadonlyMap<string, string> {
  return new Map(
    plan.changes.map(({ id, kind, action }) => {
      const key = normaliseId(id);
      const { comparison } = kinds(kind);
      const node = action === 'delete' ? undefined : nodes.get(key);
      const owned = node === undefined ? {} : ownedBeforeOf(ledger.get(key));
      return [key, hashOf(mergeForWrite(node?.body ?? {}, observed.get(key) ?? null, comparison, owned))] as const;
    }),
  );
}
