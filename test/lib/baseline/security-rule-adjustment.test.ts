import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adjusted, adjustmentScope, adjustmentTarget } from '../../../lib/baseline/adjustments.ts';
import { type Adjustment, compile, validateAdjustment } from '../../../lib/baseline/compile.ts';
import type { DesiredGraph } from '../../../lib/plan/graph.ts';
import { getAt } from '../../../lib/plan/property-path.ts';
import { sample } from '../../support/sample.ts';
import { expectSoundGraph } from '../../support/sound-graph.ts';

const { resolved } = sample('aks-baseline');
const NOW = '2026-11-20T12:00:00Z';
const GROUPS = resolved.networkSecurityGroups.filter(({ presence }) => presence === 'create');
const GROUP = GROUPS.find(({ rules }) => rules.length > 0) ?? GROUPS[0];
if (GROUP === undefined) throw new Error('The sample has no security group.');
const TARGET = GROUP.id;

const RULE = {
  name: 'AllowPartner',
  priority: 200,
  direction: 'Inbound',
  access: 'Allow',
  protocol: 'Tcp',
  sourceAddressPrefixes: ['203.0.113.0/24'],
  destinationPortRanges: ['8443'],
} as const;

function adjustment(value: unknown = RULE, changes: Partial<Adjustment> = {}): Adjustment {
  return {
    id: 'partner',
    kind: 'networkSecurityRule',
    scope: GROUP?.scope ?? '',
    target: TARGET,
    value,
    reason: 'Partner test',
    since: '2026-11-20T11:00:00Z',
    until: '2026-11-21T11:00:00Z',
    ...changes,
  };
}

function rulesIn(graph: DesiredGraph, id = TARGET): readonly { readonly name: string }[] {
  const node = graph.nodes.find((one) => one.id === id);
  return getAt(node?.body ?? {}, 'properties.securityRules') as unknown as readonly { name: string }[];
}

function without(graph: DesiredGraph): DesiredGraph {
  return { ...graph, nodes: graph.nodes.filter(({ id }) => id !== TARGET) };
}

describe('a rule for a time', () => {
  it('is one more entry of its group, owned by the adjustment, and nothing else changes', () => {
    const before = compile(resolved, [], NOW);
    const after = compile(resolved, [adjustment()], NOW);

    expect(without(after)).toEqual(without(before));
    expect(rulesIn(after).slice(0, -1)).toEqual(rulesIn(before));
    expect(rulesIn(after).at(-1)).toMatchObject({
      name: 'AllowPartner',
      properties: { priority: 200, sourceAddressPrefix: '203.0.113.0/24', sourcePortRange: '*', access: 'Allow' },
    });
    const node = after.nodes.find(({ id }) => id === TARGET);
    expect([node?.owner, node?.fieldOwners]).toEqual([
      'spec',
      { 'properties.securityRules[AllowPartner]': 'adjustment' },
    ]);
    expectSoundGraph(after);
  });

  it.each([
    ['before it begins', { since: '2026-11-20T12:00:01Z' }],
    ['from its end on', { until: NOW }],
    ['in another group', { target: `${TARGET}-other` }],
  ])('is not there %s', (_, changes) => {
    expect(compile(resolved, [adjustment(RULE, changes)], NOW)).toEqual(compile(resolved, [], NOW));
  });

  it('gives way to a rule of that name or priority that the spec declares later', () => {
    const declared = (over: object) => {
      const rule = { ...adjusted(resolved, [adjustment()], NOW).networkSecurityGroups.find(({ id }) => id === TARGET) };
      const theirs = { ...rule.rules?.at(-1), owner: undefined, ...over };
      const groups = resolved.networkSecurityGroups.map((group) =>
        group.id === TARGET ? { ...group, rules: [...group.rules, theirs] } : group,
      );
      return { ...resolved, networkSecurityGroups: groups } as typeof resolved;
    };
    for (const over of [{ name: 'ALLOWPARTNER', priority: 300 }, { name: 'Other' }]) {
      const later = declared(over);
      expect(compile(later, [adjustment()], NOW)).toEqual(compile(later, [], NOW));
    }
  });

  it('is replaced by a newer one of the same name, and keeps its priority against others', () => {
    const newer = adjustment({ ...RULE, priority: 210 }, { id: 'b', since: '2026-11-20T11:30:00Z' });
    const rival = adjustment({ ...RULE, name: 'Rival' }, { id: 'c', since: '2026-11-20T11:40:00Z' });

    const names = (all: readonly Adjustment[]) => rulesIn(compile(resolved, all, NOW)).map(({ name }) => name);
    expect(names([newer, adjustment()]).filter((name) => name === 'AllowPartner')).toHaveLength(1);
    expect(names([rival, adjustment()])).not.toContain('Rival');
    expect(names([rival, newer, adjustment()])).toContain('Rival');
  });
});

describe('what is recorded', () => {
  it('is of the part of its target, which may be named by its name', () => {
    expect(adjustmentTarget('networkSecurityRule', GROUP?.name.toUpperCase() ?? '', resolved)).toBe(TARGET);
    expect(adjustmentScope('networkSecurityRule', TARGET, resolved)).toBe(GROUP?.scope);
    expect(validateAdjustment(adjustment(), resolved)).toBeUndefined();
  });

  const generated = GROUP.rules[0];
  const OTHER = [adjustment(RULE, { id: 'other' })];
  it.each<readonly [string, string, Adjustment, readonly Adjustment[]]>([
    ['AdjustmentTargetUnknown', 'target', adjustment(RULE, { target: 'nsg-nowhere' }), []],
    ['AdjustmentScopeWrong', 'scope', adjustment(RULE, { scope: 'egress' }), []],
    ['AdjustmentValueInvalid', 'value', adjustment('open 22'), []],
    ['AdjustmentValueInvalid', 'value', adjustment({ ...RULE, description: 'x'.repeat(5_000) }), []],
    ['AdjustmentValueInvalid', 'value.priority', adjustment({ ...RULE, priority: 99 }), []],
    ['AdjustmentValueInvalid', 'value', adjustment({ ...RULE, colour: 'red' }), []],
    [
      'AdjustmentValueInvalid',
      'value.destinationPortRanges[0]',
      adjustment({ ...RULE, destinationPortRanges: ['x'] }),
      [],
    ],
    [
      'AdjustmentValueInvalid',
      'value.sourceAddressPrefixes[0]',
      adjustment({ ...RULE, sourceAddressPrefixes: ['Internet', '10.0.0.0/8'] }),
      [],
    ],
    ['AdjustmentOutOfBounds', 'value.name', adjustment({ ...RULE, name: generated?.name.toLowerCase() }), []],
    ['AdjustmentOutOfBounds', 'value.priority', adjustment({ ...RULE, priority: 3_500 }), []],
    ['AdjustmentOutOfBounds', 'value.priority', adjustment({ ...RULE, name: 'B' }), OTHER],
    ['AdjustmentOutOfBounds', 'value.name', adjustment({ ...RULE, priority: 201 }), OTHER],
  ])('is refused with %s at %s', (code, path, bad, others) => {
    expect(validateAdjustment(bad, resolved, others)).toMatchObject({
      code,
      path,
      actor: 'caller',
      remedy: expect.any(String),
    });
  });

  it('is refused with all that a rule may say', () => {
    const { remedy } = validateAdjustment(adjustment({ name: 'A', port: 22 }), resolved) ?? {};

    for (const key of Object.keys(RULE)) expect(remedy).toMatch(new RegExp(`\\b${key}\\b`));
    expect(remedy).toContain(
      'with name, priority, direction, access, protocol, and where it is not to mean all: description, sourceAddressPrefixes, sourcePortRanges, destinationAddressPrefixes, destinationPortRanges.',
    );
  });

  it('may be changed under its own id', () => {
    expect(validateAdjustment(adjustment({ ...RULE, access: 'Deny' }), resolved, [adjustment()])).toBeUndefined();
  });

  it('never makes two rules of one name or priority, whatever is adjusted, and keeps what the spec declares', () => {
    const rule = fc.record({
      name: fc.constantFrom('A', 'a', 'B', ...GROUP.rules.slice(0, 2).map(({ name }) => name)),
      priority: fc.constantFrom(100, 101, 2_999, 3_000, 4_096, ...GROUP.rules.slice(0, 2).map((one) => one.priority)),
      direction: fc.constantFrom('Inbound', 'Outbound'),
      access: fc.constantFrom('Allow', 'Deny'),
      protocol: fc.constantFrom('Tcp', '*', 'Quic'),
    });
    const list = fc.array(fc.tuple(rule, fc.integer({ min: 0, max: 50 })), { maxLength: 8 });
    fc.assert(
      fc.property(list, (wanted) => {
        const all = wanted.map(([value, minute], index) =>
          adjustment(value, {
            id: String(index),
            since: `2026-11-20T11:${String(minute).padStart(2, '0')}:00Z`,
          }),
        );
        const { rules = [] } = adjusted(resolved, all, NOW).networkSecurityGroups.find(({ id }) => id === TARGET) ?? {};
        const distinct = (texts: readonly string[]) => expect(new Set(texts).size).toBe(texts.length);
        distinct(rules.map(({ name }) => name.toLowerCase()));
        distinct(rules.map(({ direction, priority }) => `${direction} ${priority}`));
        expect(rules.filter(({ owner }) => owner === undefined)).toEqual(GROUP?.rules);
        // Whoever is let in by the check is in the outcome.
        for (const one of all) {
          const others = all.filter(({ id }) => id !== one.id);
          const isNewest = others.every(({ since }) => Date.parse(since) < Date.parse(one.since));
          if (!isNewest || validateAdjustment(one, resolved, others) !== undefined) continue;
          expect(rules).toContainEqual(expect.objectContaining({ ...(one.value as object), owner: 'adjustment' }));
        }
      }),
    );
  });
});
