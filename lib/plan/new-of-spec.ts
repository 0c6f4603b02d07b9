import { compare } from './compare.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from './graph.ts';
import { shortHash } from './hash.ts';
import type { KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import type { LeftChanges } from './left-changes.ts';
import { ownedFieldsOf } from './merge.ts';

type LeftChange = LeftChanges['changes'][number];

/**
 * What a spec declares otherwise than the one before it, or what of that is gone and forgotten, but for what has been written
 * as it says since it was put, and for what an adjustment brings. `before`: what was brought about last; both graphs are with
 * the adjustments of now. `putAtIso`: when the spec was put. Pure.
 */
export function newOfSpec(
  wanted: DesiredGraph,
  before: DesiredGraph,
  ledger: ReadonlyMap<string, LedgerEntry>,
  kinds: (name: string) => KindRules,
  putAtIso: string,
): readonly LeftChange[] {
  const was = byId(before);
  const declared = byId(wanted);
  const changed = wanted.nodes
    .filter((node) => !isWritten(ledger.get(normaliseId(node.id)), node, putAtIso))
    .flatMap((node) => {
      const key = normaliseId(node.id);
      const earlier = was.get(key);
      if (ledger.has(key) && earlier !== undefined) return differencesOf(node, earlier, kinds(node.kind));
      const isAdjusted = node.owner === 'adjustment' || earlier?.owner === 'adjustment';
      return isAdjusted ? [] : [{ id: node.id, action: 'create', diff: [] } as const, whole(node)];
    });
  const leaving = before.nodes.filter(({ id }) => !declared.has(normaliseId(id)));
  return [
    ...changed,
    ...leaving.flatMap((node) => [{ id: node.id, action: 'delete', diff: [] } as const, whole(node)]),
  ];
}

/**
 * A graph in which those answer for what both declare who do so under the spec before: what an adjustment brings there is no
 * matter of a spec that is not brought about, even if that declares it by now. Both graphs are with the adjustments of now.
 * Pure.
 */
export function ownedAsBefore(
  wanted: DesiredGraph,
  before: DesiredGraph,
  kinds: (name: string) => KindRules,
): DesiredGraph {
  const was = byId(before);
  const nodes = wanted.nodes.map((node) => {
    const earlier = was.get(normaliseId(node.id));
    if (earlier === undefined) return node;
    const { comparison } = kinds(node.kind);
    const now = ownedFieldsOf(node, comparison);
    const then = ownedFieldsOf(earlier, comparison);
    const paths = Object.keys({ ...node.fieldOwners, ...earlier.fieldOwners });
    const both = paths.flatMap((path) => {
      const owner = now[path] === undefined ? undefined : then[path];
      return owner === undefined ? [] : [[path, owner] as const];
    });
    const fieldOwners = { ...node.fieldOwners, ...Object.fromEntries(both) };
    return { ...node, owner: earlier.owner, ...(both.length === 0 ? {} : { fieldOwners }) };
  });
  return { ...wanted, nodes };
}

function byId({ nodes }: DesiredGraph): ReadonlyMap<string, DesiredNode> {
  return new Map(nodes.map((node) => [normaliseId(node.id), node]));
}

function isWritten(entry: LedgerEntry | undefined, { body }: DesiredNode, sinceIso: string): boolean {
  if (entry?.state !== 'confirmed' || entry.partly === true || entry.at <= sinceIso) return false;
  // A write that was under way when the spec was put may come to its end after that.
  return entry.confirmedBody === undefined || entry.confirmedBody === shortHash(body);
}

function differencesOf(node: DesiredNode, before: DesiredNode, { comparison }: KindRules): readonly LeftChange[] {
  const { differences, immutable } = compare(node.body, before.body, comparison, ownedFieldsOf(before, comparison));
  const all = [...differences, ...immutable.map(({ why: _, ...difference }) => difference)];
  const diff = all.filter(({ path, after }) => after === undefined || node.fieldOwners?.[path] !== 'adjustment');
  return diff.length === 0 ? [] : [{ id: node.id, action: 'update', diff }];
}

/** Whatever of a resource that exists would be changed, but for the entries that an adjustment gives it. */
function whole({ id, fieldOwners = {} }: DesiredNode): LeftChange {
  const besides = Object.keys(fieldOwners).filter((path) => fieldOwners[path] === 'adjustment');
  return { id, action: 'update', diff: [], replaces: true, ...(besides.length === 0 ? {} : { besides }) };
}
