import { describe, expect, it } from '@jest/globals';
import { planHash } from '../../../lib/plan/hash.ts';
import type { Change, Plan } from '../../../lib/plan/plan.ts';
import { isInScope, planInScope } from '../../../lib/plan/scope.ts';

const GROUP = '/subscriptions/s/resourceGroups/g';

function change(name: string, scope: string, over: Partial<Change> = {}): Change {
  return {
    id: `${GROUP}/providers/P/things/${name}`,
    kind: 'thing',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope,
    ...over,
  };
}

function planOf(...changes: readonly Change[]): Plan {
  return { hash: planHash('1', changes), changes, criticalPathMinutes: 1, refused: [] };
}

describe('isInScope', () => {
  it.each<readonly [string, string, boolean]>([
    ['hub', 'hub', true],
    ['hub', 'HUB', true],
    ['spoke:a', 'spoke', true],
    ['spoke:a', 'spoke:A', true],
    ['spoke:ab', 'spoke:a', false],
    ['egress', 'hub', false],
    ['egress', 'everything', true],
    ['hub', `${GROUP}/providers/p/things/x`, true],
    ['hub', GROUP, true],
    ['hub', `${GROUP}/`, true],
    ['hub', '/subscriptions/s/resourceGroups/gg', false],
    ['hub', `${GROUP}/providers/P/things/x/parts/y`, false],
  ])('a resource of %s is in %s: %s', (own, scope, expected) => {
    expect(isInScope(change('x', own), scope)).toBe(expected);
  });
});

describe('planInScope', () => {
  it('has the changes of the scope alone, with a hash of its own', () => {
    const whole = planOf(change('h', 'hub'), change('a', 'spoke:a', { dependsOn: [change('h', 'hub').id] }));

    const part = planInScope(whole, 'spoke:a', '1');

    expect(part.changes).toEqual([change('a', 'spoke:a')]);
    expect(part.refused).toEqual([]);
    expect(part.criticalPathMinutes).toBe(1);
    expect(part.hash).not.toBe(whole.hash);
    expect(planInScope(whole, 'everything', '1').hash).toBe(whole.hash);
  });

  it('refuses what would be built on something still to be made outside, and what is built on that', () => {
    const outside = change('h', 'hub', { action: 'create' });
    const first = change('a', 'spoke:a', { dependsOn: [outside.id] });
    const second = change('b', 'spoke:a', { dependsOn: [first.id] });

    const part = planInScope(planOf(outside, first, second), 'spoke:a', '1');

    expect(part.changes).toEqual([]);
    expect(part.refused.map(({ id, code }) => [id, code])).toEqual([
      [first.id, 'OutsideScope'],
      [second.id, 'OutsideScope'],
    ]);
    expect(part.refused.every(({ why }) => why.includes(outside.id))).toBe(true);
  });
});
