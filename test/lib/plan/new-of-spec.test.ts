import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DesiredGraph, DesiredNode } from '../../../lib/plan/graph.ts';
import { isLeftDifference, refusalOfLeft } from '../../../lib/plan/left-changes.ts';
import { newOfSpec } from '../../../lib/plan/new-of-spec.ts';
import { id, kinds, thing, written } from './small-kind.ts';

const PUT_AT = '2026-05-01T00:00:00.000Z';
const BEFORE = '2026-04-01T00:00:00.000Z';
const SINCE = '2026-06-01T00:00:00.000Z';

function graphOf(...nodes: readonly DesiredNode[]): DesiredGraph {
  return { baseline: 'north', nodes };
}

function node(name: string, properties: Readonly<Record<string, number>>): DesiredNode {
  return thing(name, { body: { properties } });
}

function newOf(wanted: DesiredGraph, before: DesiredGraph, ...entries: readonly ReturnType<typeof written>[]) {
  const ledger = new Map(entries.map((entry) => [entry.id.toLowerCase(), entry]));
  return [{ operationId: 'north-2', changes: newOfSpec(wanted, before, ledger, kinds, PUT_AT) }];
}

/** What a node would be changed in. */
const isNew = (left: ReturnType<typeof newOf>, name: string, path: string) =>
  isLeftDifference(left, id(name), `properties.${path}`);

describe('what is new of a spec', () => {
  const values = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 2 }), { minKeys: 1 });

  it('is each property that the spec before declared otherwise, unless it was written since', () => {
    fc.assert(
      fc.property(values, values, fc.constantFrom(BEFORE, SINCE), fc.boolean(), (now, was, at, partly) => {
        const wanted = node('a', now);
        const entry = written(wanted, { at, ...(partly ? { partly } : {}) });
        const left = newOf(graphOf(wanted), graphOf(node('a', was)), entry);

        const isWritten = at === SINCE && !partly;
        for (const path of ['x', 'y', 'z']) expect(isNew(left, 'a', path)).toBe(!isWritten && now[path] !== was[path]);
      }),
    );
  });

  it('is every resource that only one of them declares, or that is forgotten, as a whole', () => {
    const both = [node('b', { x: 1 }), node('d', { x: 1 })];
    const wanted = graphOf(node('a', { x: 1 }), ...both);
    const left = newOf(wanted, graphOf(...both, node('c', { x: 1 })), written(node('b', { x: 1 }), { at: BEFORE }));
    const codeOf = (name: string, action: 'create' | 'update' | 'delete') =>
      refusalOfLeft(left, { id: id(name), action, diff: [{ path: 'properties.x' }] })?.code;

    expect([codeOf('a', 'create'), codeOf('a', 'update')]).toEqual(['LeftToOperation', 'LeftToOperation']);
    expect([codeOf('d', 'create'), codeOf('d', 'update')]).toEqual(['LeftToOperation', 'LeftToOperation']);
    expect([codeOf('c', 'delete'), codeOf('c', 'update')]).toEqual(['LeftToOperation', 'LeftToOperation']);
    expect([codeOf('b', 'update'), codeOf('b', 'create'), codeOf('b', 'delete')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is nothing of what has been made since it was put', () => {
    const made = node('a', { x: 1 });

    expect(newOf(graphOf(made), graphOf(), written(made, { at: SINCE }))[0]?.changes).toEqual([]);
    expect(newOf(graphOf(made), graphOf(), written(made, { at: SINCE, state: 'intended' }))[0]?.changes).toHaveLength(
      2,
    );
  });
});
