import { compare } from './compare.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from './graph.ts';
import type { KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import type { LeftChanges } from './left-changes.ts';
import { ownedFieldsOf } from './merge.ts';

type LeftChange = LeftChanges['changes'][number];

/**
 * What a spec declares otherwise than the one before it, or what of that is gone and forgotten, but for what has been written
 * as it says since it was put. `before`: what was brought about last; `putAtIso`: when the spec was put. Pure.
 */
export function newOfSpec(
  wanted: DesiredGraph,
  before: DesiredGraph,
  ledger: ReadonlyMap<string, LedgerEntry>,
  kinds: (name: string) => KindRules,
  putAtIso: string,
): readonly LeftChange[] {
  const was = new Map(before.nodes.map((node) => [normaliseId(node.id), node]));
  const declared = new Set(wanted.nodes.map(({ id }) => normaliseId(id)));
  const changed = wanted.nodes
    .filter(({ id }) => !isWritten(ledger.get(normaliseId(id)), putAtIso))
    .flatMap((node) => {
      const key = normaliseId(node.id);
      return changesOf(node, ledger.has(key) ? was.get(key) : undefined, kinds);
    });
  const leaving = before.nodes.filter(({ id }) => !declared.has(normaliseId(id)));
  return [...changed, ...leaving.flatMap(({ id }) => [{ id, action: 'delete', diff: [] } as const, whole(id)])];
}

function isWritten(entry: LedgerEntry | undefined, sinceIso: string): boolean {
  return entry?.state === 'confirmed' && entry.partly !== true && entry.at > sinceIso;
}

function changesOf(
  node: DesiredNode,
  before: DesiredNode | undefined,
  kinds: (name: string) => KindRules,
): readonly LeftChange[] {
  const { id } = node;
  if (before === undefined) return [{ id, action: 'create', diff: [] }, whole(id)];
  const { comparison } = kinds(node.kind);
  const { differences, immutable } = compare(node.body, before.body, comparison, ownedFieldsOf(before, comparison));
  const diff = [...differences, ...immutable.map(({ why: _, ...difference }) => difference)];
  return diff.length === 0 ? [] : [{ id, action: 'update', diff }];
}

/** Whatever of a resource that exists would be changed. */
function whole(id: string): LeftChange {
  return { id, action: 'update', diff: [], replaces: true };
}
