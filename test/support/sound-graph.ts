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

/** Everything that is wrong with a graph, whatever its spec, as readable lines. */
function faultsOf(graph: DesiredGraph): readonly string[] {
  const faults: string[] = [];
  const byId = new Map(graph.nodes.map((node) => [normaliseId(node.id), node]));
  if (byId.size !== graph.nodes.length) faults.push('two nodes have one id');

  for (const node of graph.nodes) {
    const edges = new Set(node.dependsOn.map(({ id }) => normaliseId(id)));
    if (edges.size !== node.dependsOn.length) faults.push(`${node.id} waits twice for one node`);
    if (edges.has(normaliseId(node.id))) faults.push(`${node.id} waits for itself`);
    for (const edge of edges) if (!byId.has(edge)) faults.push(`${node.id} waits for ${edge}, which is no node`);
    const lanes = [...new Set(node.lanes.map((lane) => lane.toLowerCase()))].sort();
    if (lanes.join('\n') !== node.lanes.join('\n')) faults.push(`${node.id} has its lanes out of order`);
    const more = Object.keys(node.body).length + node.dependsOn.length + node.lanes.length;
    if (node.presence === 'reference' && more > 0) faults.push(`${node.id} is only referred to and has a body`);

    const named = everyId(node.body).map(normaliseId);
    for (const id of named) {
      const target = nodeFor(id, byId);
      if (target === undefined) faults.push(`${node.id} names ${id}, which is no node`);
      else if (!edges.has(normaliseId(target.id))) faults.push(`${node.id} names ${id} and does not wait for it`);
    }
    const told = kindOf(node.kind).referencesOf(node.body).map(normaliseId);
    if ([...new Set(named)].sort().join() !== [...new Set(told)].sort().join()) {
      faults.push(`${node.id} does not tell its references: ${named.join()} but ${told.join()}`);
    }
  }

  const waiting = new Map(
    [...byId].map(([id, node]) => [id, new Set(node.dependsOn.map((edge) => normaliseId(edge.id)))]),
  );
  for (let settled = true; settled; ) {
    const done = [...waiting].filter(([, edges]) => [...edges].every((edge) => !waiting.has(edge))).map(([id]) => id);
    for (const id of done) waiting.delete(id);
    settled = done.length > 0;
  }
  return [...faults, ...[...waiting.keys()].map((id) => `${id} is in a cycle or waits for one`)];
}

/** What must hold for every graph, whatever the spec. */
export function expectSoundGraph(graph: DesiredGraph): void {
  expect(graph.nodes.length).toBeGreaterThan(0);
  expect(faultsOf(graph)).toEqual([]);
}
