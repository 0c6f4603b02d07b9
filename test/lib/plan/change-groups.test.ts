import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gravityOf, withinBudget } from '../../../lib/plan/change-groups.ts';
import { RISKS } from '../../../lib/plan/node-changes.ts';
import type { Change } from '../../../lib/plan/plan.ts';

function change(name: string, over: Partial<Change> = {}): Change {
  return {
    id: `/${name}`,
    kind: 'thing',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [{ path: 'properties.x' }],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    ...over,
  };
}

const TAG = [{ path: 'tags.team' }];
const counts = ({ action }: Change) => action !== 'create';

/** Changes, each of which may need some of those before it. */
const someChanges: fc.Arbitrary<readonly Change[]> = fc
  .array(
    fc.record({
      risk: fc.constantFrom(...RISKS),
      steersTraffic: fc.boolean(),
      isTag: fc.boolean(),
      action: fc.constantFrom('update', 'delete', 'create'),
      needs: fc.array(fc.nat(20), { maxLength: 2 }),
    }),
    { maxLength: 10 },
  )
  .map((drawn) =>
    drawn.map(({ needs, isTag, action, ...over }, at) =>
      change(`c${at}`, {
        kind: `kind${at}`,
        ...over,
        action: action as Change['action'],
        ...(isTag ? { diff: TAG } : {}),
        dependsOn: [...new Set(needs.filter((one) => one < at).map((one) => `/c${one}`))],
      }),
    ),
  );

function neededBy(one: Change, changes: readonly Change[]): readonly Change[] {
  const direct = changes.filter(({ id }) => one.dependsOn.includes(id));
  return [...new Set([one, ...direct.flatMap((other) => neededBy(other, changes))])];
}

describe('a budget', () => {
  it('holds the gravest of changes that need nothing', () => {
    fc.assert(
      fc.property(someChanges, fc.nat(10), (drawn, most) => {
        const changes = drawn.map((one) => ({ ...one, action: 'update' as const, dependsOn: [] }));
        const admitted = withinBudget(changes, counts, most);

        expect(admitted.size).toBe(Math.min(most, changes.length));
        const left = changes.filter((one) => !admitted.has(one));
        for (const one of admitted)
          for (const other of left) expect(gravityOf(one)).toBeGreaterThanOrEqual(gravityOf(other));
      }),
    );
  });

  it('holds each change with all that it needs, never more than there is room for, and never a lesser one first', () => {
    fc.assert(
      fc.property(someChanges, fc.nat(10), (changes, most) => {
        const admitted = withinBudget(changes, counts, most);

        expect([...admitted].filter(counts).length).toBeLessThanOrEqual(most);
        for (const one of admitted) for (const needed of neededBy(one, changes)) expect(admitted).toContain(needed);
        // What is left would not have fitted beside those that are at least as grave, and what these need.
        for (const one of changes.filter((other) => !admitted.has(other))) {
          const before = changes.filter((other) => admitted.has(other) && gravityOf(other) >= gravityOf(one));
          const all = new Set([one, ...before].flatMap((other) => neededBy(other, changes)));
          expect([...all].filter(counts).length).toBeGreaterThan(most);
        }
      }),
    );
  });

  it.each<readonly [string, Partial<Change>, Partial<Change>]>([
    ['an open route before a tag', { risk: 'disruptive', steersTraffic: true }, { diff: TAG }],
    ['an added address of a group before a tag', { steersTraffic: true }, { diff: TAG }],
    [
      'traffic before other things of the same risk',
      { risk: 'disruptive', steersTraffic: true },
      { risk: 'disruptive' },
    ],
    ['a retention before a tag', {}, { diff: TAG }],
    ['what is more than a tag before a tag', { diff: [...TAG, { path: 'properties.x' }] }, { diff: TAG }],
    ['a greater risk before traffic', { risk: 'destructive' }, { risk: 'disruptive', steersTraffic: true }],
  ])('admits %s', (_, grave, lesser) => {
    const changes = [change('lesser', lesser), change('grave', grave)];

    expect([...withinBudget(changes, counts, 1)].map(({ id }) => id)).toEqual(['/grave']);
  });
});
