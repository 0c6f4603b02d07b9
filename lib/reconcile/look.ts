import { kindOf } from '../baseline/kinds/index.ts';
import type { Dependencies } from '../dependencies.ts';
import type { JsonObject } from '../json.ts';
import { missingBeside } from '../plan/closure.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import type { Observed } from '../plan/plan.ts';
import type { ChangeHint } from '../state/drift-watch.ts';
import type { ReadRotation } from '../state/read-rotation-store.ts';
import { observeBaseline } from './observe-baseline.ts';
import { dueReads, rotated, type SingleRead } from './read-rotation.ts';

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
  const references = [...declared.nodes, ...undeclaredOf(declared, ledger)];
  return observeBaseline(dependencies, declared.baseline, references, ledger, nowIso);
}

/** What a scan in rotation saw. */
export interface RotatedLook {
  readonly observed: Observed;
  /** Holds as soon as what was seen is known for good: who noted it before would not read these again for a day. */
  readonly rotation: ReadRotation;
}

/**
 * Looks at everything that lists show, and at a part of what has to be read one by one: what is due, and what is named.
 * @throws as `observeBaseline`.
 */
export async function lookInRotation(
  dependencies: Pick<Dependencies, 'arm' | 'keptReads' | 'rotation'>,
  { declared, ledger, nowIso }: LookInput,
  alwaysRead: ReadonlySet<string>,
): Promise<RotatedLook> {
  const isSingle = ({ kind }: DesiredNode) => kindOf(kind).observe.by === 'get';
  const singles = declared.nodes.filter(isSingle).map(({ id }): SingleRead => {
    const entry = ledger.get(normaliseId(id));
    return entry?.state === 'confirmed' ? { id, knownAtIso: entry.at } : { id };
  });
  const rotation = await dependencies.rotation.read(declared.baseline);
  const due = new Set(dueReads(singles, rotation, nowIso));
  const isRead = (id: string) => due.has(id) || alwaysRead.has(normaliseId(id));
  const references = [
    ...declared.nodes.filter((node) => !isSingle(node) || isRead(node.id)),
    ...undeclaredOf(declared, ledger),
  ];
  const observed = await observeBaseline(dependencies, declared.baseline, references, ledger, nowIso);
  const read = singles.map(({ id }) => id).filter(isRead);
  return { observed, rotation: rotated(rotation, singles, read, nowIso) };
}

function undeclaredOf(declared: DesiredGraph, ledger: LookInput['ledger']): readonly LedgerEntry[] {
  const wanted = new Set(declared.nodes.map(({ id }) => normaliseId(id)));
  return [...ledger.values()].filter(({ id }) => !wanted.has(normaliseId(id)));
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
