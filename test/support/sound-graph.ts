import { expect } from '@jest/globals';
import { parentId } from '../../lib/baseline/arm-id.ts';
import { kindOf } from '../../lib/baseline/kinds/index.ts';
import { type DesiredGraph, type DesiredNode, normaliseId } from '../../lib/plan/graph.ts';

function everyId(value: unknown): readonly string[] {
  if (typeof value === 'string') return /^\/subscriptions\//i.test(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(everyId);
}

/** The node that an id in a body means: itself, or the resource that the child lies in. */
function nodeFor(id: string, byId: ReadonlyMap<string, DesiredNode>): DesiredNode | undefined {
  return byId.get(normaliseId(id)) ?? byId.get(normaliseId(parentId(id)));
}

/** What must hold for every graph, whatever the spec. */
export function expectSoundGraph(graph: DesiredGraph): void {
  const byId = new Map(graph.nodes.map((node) => [normaliseId(node.id), node]));
  expect(byId.size).toBe(graph.nodes.length);

  for (const node of graph.nodes) {
    const kind = kindOf(node.kind);
    const edges = new Set(node.dependsOn.map(({ id }) => normaliseId(id)));
    expect(edges.size).toBe(node.dependsOn.length);
    for (const edge of edges) expect(byId.has(edge)).toBe(true);
    expect(edges.has(normaliseId(node.id))).toBe(false);
    expect(node.lanes).toEqual([...new Set(node.lanes.map((lane) => lane.toLowerCase()))].sort());
    if (node.presence === 'reference') expect([node.body, node.dependsOn, node.lanes]).toEqual([{}, [], []]);

    for (const id of everyId(node.body)) {
      const target = nodeFor(id, byId);
      expect({ from: node.id, to: id, found: target?.id }).toEqual({
        from: node.id,
        to: id,
        found: expect.any(String),
      });
      // A body that names a resource is written after it.
      const waits = target !== undefined && edges.has(normaliseId(target.id));
      expect({ from: node.id, to: id, waits }).toEqual({ from: node.id, to: id, waits: true });
    }
    expect(new Set(kind.referencesOf(node.body).map(normaliseId))).toEqual(
      new Set(everyId(node.body).map(normaliseId)),
    );
  }

  const depths = new Map<string, number>();
  const depthOf = (id: string, below: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    expect(below.has(id)).toBe(false);
    const node = byId.get(id);
    const inner = new Set([...below, id]);
    const depth = 1 + Math.max(0, ...(node?.dependsOn ?? []).map((edge) => depthOf(normaliseId(edge.id), inner)));
    depths.set(id, depth);
    return depth;
  };
  for (const id of byId.keys()) depthOf(id, new Set());
}
