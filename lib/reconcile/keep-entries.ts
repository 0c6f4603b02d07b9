import { kindOf } from '../baseline/kinds/index.ts';
import { type DesiredGraph, normaliseId } from '../plan/graph.ts';
import { withKeptEntries } from '../plan/kept-differences.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { ownedBeforeOf } from '../plan/merge.ts';
import { someOf } from '../plan/node-changes.ts';
import type { Observed, Plan, Refusal } from '../plan/plan.ts';

/** A graph under a mode that forbids deletes. */
export interface KeptGraph {
  /** Without any removal of an entry that the spec had declared. */
  readonly graph: DesiredGraph;
  /** One for each resource that keeps entries. */
  readonly refused: readonly Refusal[];
}

/** Declares the entries that would go as they are, so that all the rest of their resources can be written. */
export function keepEntries(
  graph: DesiredGraph,
  observed: Observed,
  ledger: ReadonlyMap<string, LedgerEntry>,
): KeptGraph {
  const refused: Refusal[] = [];
  const nodes = graph.nodes.map((node) => {
    const key = normaliseId(node.id);
    const owned = ownedBeforeOf(ledger.get(key));
    const result = withKeptEntries(node, observed.get(key) ?? null, kindOf(node.kind).comparison, owned);
    if (result.kept.length > 0) {
      const why = `The mode in force is 'no-delete', so ${someOf(result.kept)} stays: apply a spec with the mode 'full' to let this go.`;
      refused.push({ id: node.id, code: 'ModeForbidsDelete', why });
    }
    return result.node;
  });
  return { graph: { ...graph, nodes }, refused };
}

/** The plan with the refusals of what is kept. What is no longer declared stays by the mode, whatever else holds it. */
export function withKeptRefusals(plan: Plan, kept: KeptGraph): Plan {
  const declared = new Set(kept.graph.nodes.map((node) => normaliseId(node.id)));
  const others = plan.refused.map((refusal) =>
    declared.has(normaliseId(refusal.id)) ? refusal : { ...refusal, code: 'ModeForbidsDelete' },
  );
  return { ...plan, refused: [...others, ...kept.refused] };
}
