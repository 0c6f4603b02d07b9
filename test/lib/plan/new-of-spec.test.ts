import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DesiredGraph, DesiredNode, Owner } from '../../../lib/plan/graph.ts';
import { shortHash } from '../../../lib/plan/hash.ts';
import { isLeftDifference, refusalOfLeft } from '../../../lib/plan/left-changes.ts';
import { newOfSpec, ownedAsBefore } from '../../../lib/plan/new-of-spec.ts';
import { ownersOfDifferences } from '../../../lib/plan/node-changes.ts';
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

describe('what a write for an earlier spec ended with after the spec was put', () => {
  it('is new still, unless it was just what that declares', () => {
    const [earlier, made] = [node('a', { x: 1 }), node('a', { x: 2 })];
    const left = (of: DesiredNode) =>
      newOf(graphOf(made), graphOf(earlier), written(of, { at: SINCE, confirmedBody: shortHash(of.body) }));

    expect(isNew(left(earlier), 'a', 'x')).toBe(true);
    expect(isNew(left(made), 'a', 'x')).toBe(false);
  });
});

describe('what an adjustment brings under a spec that is called off', () => {
  const PARTS = ['p', 'q', 'r'] as const;
  const owner = fc.constantFrom<Owner>('spec', 'adjustment');
  /** A resource with some parts, each declared by the spec or by an adjustment. */
  const drawn = fc.dictionary(fc.constantFrom(...PARTS), owner);
  const pathOf = (part: string) => `properties.parts[${part}]`;

  function withParts(parts: Readonly<Record<string, Owner>>, more: Partial<DesiredNode> = {}): DesiredNode {
    const adjusted = Object.entries(parts).filter(([, one]) => one === 'adjustment');
    const fieldOwners = Object.fromEntries(adjusted.map(([part, one]) => [pathOf(part), one]));
    const body = { properties: { x: 1, parts: Object.keys(parts).map((name) => ({ name })) } };
    return thing('a', { body, ...(adjusted.length === 0 ? {} : { fieldOwners }), ...more });
  }

  it('is none of it: an entry is new only where the spec alone declares it', () => {
    fc.assert(
      fc.property(drawn, drawn, (now, was) => {
        const left = newOf(graphOf(withParts(now)), graphOf(withParts(was)), written(withParts(was), { at: BEFORE }));

        for (const part of PARTS) {
          const isAdded = now[part] === 'spec' && was[part] === undefined;
          const isDropped = now[part] === undefined && was[part] !== undefined;
          expect(isLeftDifference(left, id('a'), pathOf(part))).toBe(isAdded || isDropped);
        }
      }),
    );
  });

  it('is made also of a resource that the spec alone declares, and that is there', () => {
    const left = newOf(graphOf(withParts({ p: 'spec', q: 'adjustment' })), graphOf(), written(withParts({})));
    const isLeft = (path: string) => isLeftDifference(left, id('a'), path);

    expect([isLeft(pathOf('q')), isLeft(pathOf('p')), isLeft('properties.x')]).toEqual([false, true, true]);
  });

  it.each<readonly [Owner, Owner | undefined, boolean]>([
    ['adjustment', 'adjustment', false],
    ['adjustment', undefined, false],
    ['spec', 'adjustment', false],
    ['spec', 'spec', true],
    ['spec', undefined, true],
  ])('a resource that is not there, now of the %s, before of the %s: left is %s', (now, was, expected) => {
    const before = was === undefined ? [] : [thing('a', { owner: was })];
    const left = newOf(graphOf(thing('a', { owner: now })), graphOf(...before));

    expect(refusalOfLeft(left, { id: id('a'), action: 'create', diff: [] }) !== undefined).toBe(expected);
  });

  it('is answered for as under the spec before, and the rest as it is declared', () => {
    fc.assert(
      fc.property(drawn, drawn, owner, owner, (now, was, ownerNow, ownerBefore) => {
        const wanted = graphOf(withParts(now, { owner: ownerNow }), thing('b', { owner: ownerNow }));
        const before = graphOf(withParts(was, { owner: ownerBefore }));
        const [a, b] = ownedAsBefore(wanted, before, kinds).nodes;
        const ownerOf = (node: DesiredNode | undefined, part: string) =>
          ownersOfDifferences(node ?? thing('a'), {})({ path: pathOf(part), after: { name: part } });

        expect(b).toEqual(wanted.nodes[1]);
        expect(a?.owner).toBe(ownerBefore);
        expect(a?.body).toEqual(wanted.nodes[0]?.body);
        for (const part of PARTS) {
          if (now[part] === undefined || was[part] === undefined) continue;
          expect(ownerOf(a, part)).toBe(ownerOf(before.nodes[0], part));
        }
      }),
    );
  });
});
