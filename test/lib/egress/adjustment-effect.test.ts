import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Adjustment, adjusted, adjustmentsInForce, overriding } from '../../../lib/baseline/adjustments.ts';
import type { BaselineSpec } from '../../../lib/baseline/spec.ts';
import { effectOfAdjusting } from '../../../lib/egress/adjustment-effect.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { sample } from '../../support/sample.ts';

type Mode = BaselineSpec['mode'];

const NOW = '2026-11-20T12:00:00Z';
const { resolved } = sample('aks-baseline');
const FIREWALL = resolved.firewall?.id ?? '';
const pip = (index: number) => `pip-fw-westeurope-${String(index).padStart(2, '0')}`;
const idOf = (index: number) => FIREWALL.replace(/azureFirewalls\/.*/, `publicIPAddresses/${pip(index)}`);

function adjustment(value: unknown, changes: Partial<Adjustment> = {}): Adjustment {
  return {
    id: 'snat-relief',
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target: FIREWALL,
    value,
    reason: 'SNAT',
    since: '2026-11-20T10:00:00Z',
    until: '2026-12-20T10:00:00Z',
    by: 'hubkeeper',
    ...changes,
  };
}

const byHand = (value: unknown, changes: Partial<Adjustment> = {}) =>
  adjustment(value, { id: 'by-hand', since: NOW, by: 'alice', ...changes });

function entry(id: string, kind: string, confirmed: LedgerEntry['confirmed']): LedgerEntry {
  return {
    id,
    kind,
    state: 'confirmed',
    created: true,
    confirmed,
    intended: {},
    lanes: [],
    dependsOn: [],
    scope: 'egress',
    operationId: 'b-1',
    at: NOW,
  };
}

/** What was written for a firewall of so many addresses: three of the spec, the others of an adjustment. */
function ledgerOf(count: number): readonly LedgerEntry[] {
  const owner = (index: number) => (index < 3 ? 'spec' : 'adjustment');
  const indexes = Array.from({ length: count }, (_, index) => index);
  const configurations = indexes.map((index) => [`properties.ipConfigurations[${pip(index)}]`, owner(index)] as const);
  return [
    entry(FIREWALL, 'azureFirewall', Object.fromEntries(configurations)),
    ...indexes.map((index) => entry(idOf(index), 'publicIPAddress', { 'properties.x': owner(index) })),
  ];
}

function inMode(mode: Mode): typeof resolved {
  return { ...resolved, spec: { ...resolved.spec, mode } };
}

describe('the effect of an adjustment', () => {
  const relief = adjustment(5);
  const shared = { resolved: inMode('no-delete'), ledger: ledgerOf(5), nowIso: NOW };

  it('is what leaves the firewall, what is deleted, and what is kept and until when at most', () => {
    const until = '2026-12-01T00:00:00Z';
    const soon = '2026-11-21T00:00:00Z';
    const value = { count: 3, reserved: [{ name: pip(3), until }] };
    const replaced = (changes: Partial<Adjustment>) =>
      effectOfAdjusting({
        ...shared,
        id: relief.id,
        before: [relief],
        after: [byHand(value, { id: relief.id, ...changes })],
      });

    expect(replaced({})).toEqual({
      overrides: [],
      countAgain: [],
      takesOff: [pip(3), pip(4)],
      deletes: [pip(4)],
      keeps: [{ name: pip(3), until }],
    });
    expect(replaced({ until: soon }).keeps).toEqual([{ name: pip(3), until: soon }]);
  });

  it('names the one that it overrides, also where the newer number is the smaller one', () => {
    const four = byHand(4);
    const effect = effectOfAdjusting({ ...shared, id: four.id, before: [relief], after: [relief, four] });

    expect(effect).toEqual({ overrides: [relief], countAgain: [], takesOff: [pip(4)], deletes: [pip(4)], keeps: [] });
    const end = effectOfAdjusting({ ...shared, id: four.id, before: [relief, four], after: [relief] });
    expect(end).toEqual({ overrides: [], countAgain: [relief], takesOff: [], deletes: [], keeps: [] });
  });

  it('is nothing where one is ended that does not count', () => {
    const five = byHand(5);
    const effect = effectOfAdjusting({ ...shared, id: relief.id, before: [relief, five], after: [five] });

    expect(effect).toEqual({ overrides: [], countAgain: [], takesOff: [], deletes: [], keeps: [] });
  });

  it.each<[Mode, readonly string[], readonly string[]]>([
    ['observe', [], []],
    ['create-only', [], []],
    ['no-delete', [pip(3), pip(4)], [pip(3), pip(4)]],
    ['full', [pip(3), pip(4)], [pip(3), pip(4)]],
  ])('in mode %s deletes no more than the mode lets go', (mode, takesOff, deletes) => {
    const input = { ...shared, resolved: inMode(mode), id: relief.id, before: [relief], after: [] };

    expect(effectOfAdjusting(input)).toMatchObject({ takesOff, deletes });
  });

  it('says nothing of addresses where it is about something else', () => {
    const rule = adjustment({ name: 'A' }, { id: 'rule', kind: 'networkSecurityRule', target: '/nsg' });

    expect(effectOfAdjusting({ ...shared, id: rule.id, before: [], after: [rule] })).toMatchObject({
      takesOff: [],
      deletes: [],
    });
  });

  it('leaves no address out that was made: it is on the firewall, kept, or named as deleted', () => {
    const index = fc.nat(9);
    const value = fc.record({
      count: fc.integer({ min: 3, max: 10 }),
      detached: fc.uniqueArray(index.map(pip), { maxLength: 4 }),
      reserved: fc.array(fc.record({ name: index.map(pip), until: fc.constantFrom(NOW, '2026-12-01T00:00:00Z') }), {
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 10 }), value, (made, wanted) => {
        const after = [adjustment(made), byHand(wanted)];
        const full = inMode('full');
        const effect = effectOfAdjusting({
          resolved: full,
          ledger: ledgerOf(made),
          id: 'by-hand',
          before: after.slice(0, 1),
          after,
          nowIso: NOW,
        });

        const baseline = adjusted(full, after, NOW);
        const stays = new Set(baseline.publicIpAddresses.map(({ name }) => name));
        const on = new Set(baseline.firewall?.publicIps.map(({ configurationName }) => configurationName));
        const all = Array.from({ length: made }, (_, at) => pip(at));
        expect(effect.deletes).toEqual(all.filter((name) => !stays.has(name)));
        expect(effect.takesOff).toEqual(all.filter((name) => !on.has(name)));
        for (const { name } of effect.keeps) expect(on.has(name)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

describe('overriding', () => {
  it('names the newest live one of a target, for each of the others, and leaves exactly one that counts', () => {
    const at = fc.integer({ min: 0, max: 11 }).map((hour) => `2026-11-20T${String(hour).padStart(2, '0')}:00:00Z`);
    const one = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      since: at,
      until: fc.constantFrom('2026-11-20T11:30:00Z', '2026-11-21T00:00:00Z'),
      target: fc.constantFrom('/fw', '/FW', '/other'),
    });
    fc.assert(
      fc.property(fc.uniqueArray(one, { selector: ({ id }) => id, maxLength: 5 }), (drawn) => {
        const adjustments = drawn.map((changes) => adjustment(4, changes));
        const overridden = overriding(adjustments, NOW);

        for (const target of ['/fw', '/other']) {
          const live = adjustments.filter((each) => each.target.toLowerCase() === target && (each.until ?? '') > NOW);
          const counting = live.filter(({ id }) => !overridden.has(id));
          expect(counting).toHaveLength(Math.min(1, live.length));
          for (const each of live) expect((counting[0]?.since ?? '') >= each.since).toBe(true);
          for (const { id } of live) if (overridden.has(id)) expect(overridden.get(id)).toBe(counting[0]);
        }
      }),
    );
  });

  it('never concerns rules of a security group: each of them counts', () => {
    const rules = ['a', 'b'].map((id) => adjustment({ name: id }, { id, kind: 'networkSecurityRule' }));

    expect(overriding(rules, NOW).size).toBe(0);
    expect(adjustmentsInForce([...rules, adjustment(5), byHand(4)], NOW)).toEqual(new Map([['egress', 'by-hand']]));
  });
});
