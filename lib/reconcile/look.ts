import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { missingBeside } from '../plan/closure.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Observed } from '../plan/plan.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import { observeBaseline } from './observe-baseline.ts';

export interface LookInput {
  readonly declared: DesiredGraph;
  /** By normalised id. */
  readonly ledger: ReadonlyMap<string, LedgerEntry>;
  readonly nowIso: string;
}

/**
 * Looks at everything that is declared or in the ledger.
 * @throws as `observeBaseline`.
 */
export async function lookAtAll(
  dependencies: Pick<Dependencies, 'arm' | 'keptReads'>,
  { declared, ledger, nowIso }: LookInput,
): Promise<Observed> {
  const wanted = new Set(declared.nodes.map(({ id }) => normaliseId(id)));
  const undeclared = [...ledger.values()].filter(({ id }) => !wanted.has(normaliseId(id)));
  return observeBaseline(dependencies, declared.baseline, [...declared.nodes, ...undeclared], ledger, nowIso);
}

/**
 * Looks at the declared resources that are named, and, where something is to be changed, at what that needs. What
 * is no longer declared is not looked at: whether it may go only a look at everything can tell.
 * @throws as `observeBaseline`.
 */
export async function lookAtNamed(
  dependencies: Pick<Dependencies, 'arm' | 'keptReads'>,
  { declared, ledger, nowIso }: LookInput,
  hints: readonly ChangeHint[],
): Promise<Observed> {
  const changedAtIso = latestChanges(hints);
  let wanted: readonly DesiredNode[] = declared.nodes.filter(({ id }) => changedAtIso.has(normaliseId(id)));
  let known: Observed = new Map();
  while (wanted.length > 0) {
    known = await observeBaseline(dependencies, declared.baseline, wanted, ledger, nowIso, { known, changedAtIso });
    wanted = missingBeside({
      graph: alignedGraph(declared, known),
      observed: known,
      ledger: [...ledger.values()],
      kinds: kindOf,
      specVersion: '',
    });
  }
  return known;
}

function latestChanges(hints: readonly ChangeHint[]): ReadonlyMap<string, string> {
  const latest = new Map<string, string>();
  for (const { resource, at } of hints) {
    const key = normaliseId(resource);
    const other = latest.get(key);
    if (other === undefined || Date.parse(other) < Date.parse(at)) latest.set(key, at);
  }
  return latest;
}

/** The graph with what may be at one of several places declared where Azure has it. */
export function alignedGraph(graph: DesiredGraph, observed: Observed): DesiredGraph {
  return { ...graph, nodes: graph.nodes.map((node) => aligned(node, observed.get(normaliseId(node.id)))) };
}

function aligned(node: DesiredNode, actual: JsonObject | null | undefined): DesiredNode {
  if (!actual || node.presence === 'reference') return node;
  const body = kindOf(node.kind).align?.(node.body, actual);
  return body === undefined || body === node.body ? node : { ...node, body };
}
