import type { Owner } from './graph.ts';
import type { OwnedFields } from './ledger.ts';
import { PathTree } from './path-tree.ts';

const trees = new WeakMap<OwnedFields, PathTree<Owner>>();

/** Recorded fields as a tree, to be walked together with a body. The record must not change afterwards. */
export function ownedTree(fields: OwnedFields): PathTree<Owner> {
  const known = trees.get(fields);
  if (known !== undefined) return known;
  const tree = PathTree.of(fields);
  trees.set(fields, tree);
  return tree;
}
