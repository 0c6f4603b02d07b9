import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adjusted, adjustmentTarget, publicIpsInForce } from '../../../lib/baseline/adjustments.ts';
import { type Adjustment, compile, knownAdjustmentKinds, validateAdjustment } from '../../../lib/baseline/compile.ts';
import type { DesiredGraph } from '../../../lib/plan/graph.ts';
import { getAt } from '../../../lib/plan/property-path.ts';
import { sample } from '../../support/sample.ts';
import { plain } from '../../support/snat.ts';
import { expectSoundGraph } from '../../support/sound-graph.ts';

const { resolved } = sample('aks-baseline');
const NOW = '2026-11-20T12:00:00Z';

function adjustment(value: unknown, changes: Partial<Adjustment> = {}): Adjustment {
  return {
    id: 'snat-1',
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target: resolved.firewall?.id ?? '',
    value,
    reason: 'SNAT ports in use at 96 %',
    since: '2026-11-20T11:00:00Z',
    until: '2026-11-21T11:00:00Z',
    ...changes,
  };
}

function firewallAddresses(graph: DesiredGraph): readonly { readonly name: string; readonly owner: string }[] {
  return graph.nodes
    .filter(({ kind, id }) => kind === 'publicIPAddress' && id.includes('/pip-fw-'))
    .map(({ id, owner }) => ({ name: id.split('/').at(-1) ?? '', owner }));
}

describe('the number of the firewall’s public addresses', () => {
  it('grows by what the adjustment owns, named after what is there', () => {
    const graph = compile(resolved, [adjustment(5)], NOW);

    expect(firewallAddresses(graph)).toEqual([
      { name: 'pip-fw-westeurope-00', owner: 'spec' },
      { name: 'pip-fw-westeurope-01', owner: 'spec' },
      { name: 'pip-fw-westeurope-02', owner: 'spec' },
      { name: 'pip-fw-westeurope-03', owner: 'adjustment' },
      { name: 'pip-fw-westeurope-04', owner: 'adjustment' },
    ]);
    const firewall = graph.nodes.find(({ kind }) => kind === 'azureFirewall');
    expect(firewall?.owner).toBe('spec');
    expect(firewall?.fieldOwners).toEqual({
      'properties.ipConfigurations[pip-fw-westeurope-03]': 'adjustment',
      'properties.ipConfigurations[pip-fw-westeurope-04]': 'adjustment',
    });
    expect(getAt(firewall?.body ?? {}, 'properties.ipConfigurations')).toHaveLength(5);
    expectSoundGraph(graph);
  });

  it('gives the added addresses diagnostic settings of the same owner', () => {
    const graph = compile(resolved, [adjustment(4)], NOW);

    const settings = graph.nodes.filter(({ kind, id }) => kind === 'diagnosticSetting' && id.includes('/pip-fw-'));
    expect(settings.map(({ owner }) => owner)).toEqual(['spec', 'spec', 'spec', 'adjustment']);
  });

  it.each([
    ['before it begins', { since: '2026-11-20T12:00:01Z' }],
    ['from its end on', { until: NOW }],
    [
      'for another target',
      { target: '/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/azureFirewalls/z' },
    ],
    ['when nobody knows its kind', { kind: 'firewallWings' }],
  ])('does not change %s', (_, changes) => {
    expect(compile(resolved, [adjustment(9, changes)], NOW)).toEqual(compile(resolved, [], NOW));
  });

  it('counts without an end until it is removed', () => {
    expect(
      firewallAddresses(compile(resolved, [adjustment(6, { until: undefined })], '2030-01-01T00:00:00Z')),
    ).toHaveLength(6);
  });

  it('follows the newer of two, whatever their order', () => {
    const older = adjustment(9, { id: 'b', since: '2026-11-20T10:00:00Z' });
    const newer = adjustment(4, { id: 'a' });

    expect(firewallAddresses(compile(resolved, [newer, older], NOW))).toHaveLength(4);
    expect(firewallAddresses(compile(resolved, [older, newer], NOW))).toHaveLength(4);
  });

  it('stays within the bounds of the spec in force, and the graph stays sound', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 400 }), (value) => {
        const graph = compile(resolved, [adjustment(value)], NOW);

        const count = firewallAddresses(graph).length;
        const wanted = value >= 1 && value <= 250 ? Math.min(Math.max(value, 3), 20) : 3;
        expect(count).toBe(wanted);
        expectSoundGraph(graph);
      }),
      { numRuns: 25 },
    );
  });

  it('never goes below an address that others rely on, and shrinks from the end', () => {
    const other = sample('two-regions').resolved;
    const firewall = other.firewall;
    const pinned = {
      ...other.spec.hub.firewall,
      publicIps: { ...other.spec.hub.firewall?.publicIps, pinned: ['pip-fw-northeurope-18'] },
    };
    const spec = { ...other.spec, hub: { ...other.spec.hub, firewall: pinned } } as typeof other.spec;
    const shrink = adjustment(10, { target: firewall?.id ?? '' });

    expect(firewallAddresses(compile(other, [shrink], NOW)).at(-1)?.name).toBe('pip-fw-northeurope-17');
    expect(firewallAddresses(compile({ ...other, spec }, [shrink], NOW)).at(-1)?.name).toBe('pip-fw-northeurope-18');
  });

  it('fills the prefixes of the spec before it stands alone', () => {
    const other = sample('two-regions').resolved;
    const graph = compile(other, [adjustment(36, { target: other.firewall?.id ?? '' })], NOW);

    const prefixes = graph.nodes
      .filter(({ kind, id }) => kind === 'publicIPAddress' && id.includes('/pip-fw-'))
      .map(({ body }) => String(getAt(body, 'properties.publicIPPrefix.id')).slice(-2));
    expect(prefixes).toEqual([...Array(16).fill('00'), ...Array(4).fill('01'), ...Array(16).fill('02')]);
  });
});

describe('the number that a reaction keeps', () => {
  const own = (index: number) => `pip-fw-westeurope-${String(index).padStart(2, '0')}`;
  const reactions = (value: unknown, changes: Partial<Adjustment> = {}) =>
    adjustment(value, { id: 'snat-relief', by: 'hubkeeper', ...changes });
  const persons = (value: unknown, changes: Partial<Adjustment> = {}) =>
    adjustment(value, { id: 'quarantine', by: 'alice', since: '2026-11-20T10:00:00Z', ...changes });
  /** The same baseline with a spec of so many addresses, from three to twenty. */
  const declaring = (count: number): typeof resolved => {
    const { hub } = resolved.spec;
    if (hub.firewall === undefined) throw new Error('The sample has no firewall.');
    const publicIps = { ...hub.firewall.publicIps, count };
    return { ...resolved, spec: { ...resolved.spec, hub: { ...hub, firewall: { ...hub.firewall, publicIps } } } };
  };
  const names = (baseline: typeof resolved, adjustments: readonly Adjustment[]) =>
    adjusted(baseline, adjustments, NOW).firewall?.publicIps.map(({ configurationName }) => configurationName) ?? [];

  it('is never less than the spec has grown to, while a person may ask for less', () => {
    expect(names(declaring(12), [reactions(8)])).toHaveLength(12);
    expect(names(declaring(6), [reactions(8)])).toHaveLength(8);
    expect(names(declaring(12), [persons(8)])).toHaveLength(8);
  });

  it('takes back what it gave away before it takes anything new, when the spec grows', () => {
    const value = { count: 5, detached: [own(9), own(3)], reserved: [{ name: own(9), until: '2026-11-27T12:00:00Z' }] };

    expect(names(declaring(3), [reactions(value)])).toEqual([0, 1, 2, 4, 5].map(own));
    expect(names(declaring(8), [reactions(value)])).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(own));
  });

  it('leaves off what a person wants off for as long as they do, and takes nothing off in its stead afterwards', () => {
    const value = { count: 6, detached: [own(2)], reserved: [] };
    const during = [persons({ count: 3, detached: [own(2)] }), reactions(value)];

    expect(names(declaring(3), during)).toEqual([0, 1, 3, 4, 5, 6].map(own));
    expect(names(declaring(8), during)).toEqual([0, 1, 3, 4, 5, 6, 7, 8].map(own));
    expect(names(declaring(3), [reactions(value)])).toEqual([0, 1, 2, 3, 4, 5, 6].map(own));
  });

  it('attaches all of the spec that no person wants off, and no fewer than it says itself', () => {
    const index = fc.nat(14);
    const indexes = fc.uniqueArray(index, { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 12 }),
        fc.integer({ min: 3, max: 12 }),
        indexes,
        indexes,
        (spec, count, gone, off) => {
          const baseline = declaring(spec);
          const adjustments = [
            persons({ count: 3, detached: off.map(own) }),
            reactions({ count, detached: [...new Set([...gone, ...off])].map(own) }),
          ];

          const attached = names(baseline, adjustments);

          expect(attached.length).toBeGreaterThanOrEqual(Math.min(20, Math.max(spec, count)));
          const declared = Array.from({ length: spec }, (_, at) => own(at)).filter(
            (name) => !off.map(own).includes(name),
          );
          expect(attached).toEqual(expect.arrayContaining(declared));
          // The first one carries the subnet: Azure does not let it go.
          expect(attached.filter((name) => name !== own(0) && off.map(own).includes(name))).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('what is in force about the public addresses', () => {
  it('is the newest live adjustment of this firewall, else the spec', () => {
    const older = adjustment(7, { id: 'b', since: '2026-11-20T10:00:00Z' });
    const over = adjustment(9, { id: 'c', until: NOW });
    const other = adjustment(9, { id: 'd', target: `${resolved.firewall?.id}-other` });
    const name = 'pip-fw-westeurope-03';
    const kept = { count: 4, detached: [name], reserved: [{ name, until: '2026-12-01T00:00:00Z' }] };

    expect(publicIpsInForce(resolved, [], NOW)).toEqual({ value: plain(3), leftOff: [] });
    expect(publicIpsInForce(resolved, [over, other], NOW).value).toEqual(plain(3));
    expect(publicIpsInForce(resolved, [adjustment(kept), older, over, other], NOW)).toEqual({
      value: kept,
      leftOff: [name],
    });
    const reactions = { ...adjustment(kept), by: 'hubkeeper' };
    expect(publicIpsInForce(resolved, [reactions, older], NOW)).toEqual({ value: kept, leftOff: [] });
  });
});

describe('validateAdjustment', () => {
  it('knows the number of public addresses', () => {
    expect([...knownAdjustmentKinds.keys()]).toEqual(['firewallPublicIpCount', 'networkSecurityRule']);
    expect(validateAdjustment(adjustment(5), resolved)).toBeUndefined();
  });

  it('takes the firewall by its name', () => {
    const id = resolved.firewall?.id ?? '';
    const name = id.split('/').at(-1) ?? '';

    expect(adjustmentTarget('firewallPublicIpCount', name.toUpperCase(), resolved)).toBe(id);
    expect(adjustmentTarget('firewallPublicIpCount', id.toLowerCase(), resolved)).toBe(id);
    expect(adjustmentTarget('firewallPublicIpCount', 'other', resolved)).toBe('other');
    expect(adjustmentTarget('other', name, resolved)).toBe(name);
  });

  it('names the bounds that a value is outside of', () => {
    const { minimum = 0, maximum = 0 } = resolved.firewall?.publicIpBounds ?? {};

    expect(validateAdjustment(adjustment(maximum), resolved)).toBeUndefined();
    expect(validateAdjustment(adjustment(maximum + 1), resolved)?.message).toContain(`${minimum} to ${maximum}`);
  });

  it.each([
    ['AdjustmentKindUnknown', adjustment(5, { kind: 'other' })],
    ['AdjustmentTargetUnknown', adjustment(5, { target: '/subscriptions/x' })],
    ['AdjustmentValueInvalid', adjustment(0)],
    ['AdjustmentValueInvalid', adjustment(2.5)],
    ['AdjustmentValueInvalid', adjustment('5')],
    ['AdjustmentValueInvalid', adjustment(251)],
    ['AdjustmentOutOfBounds', adjustment(250)],
  ])('refuses with %s', (code, bad) => {
    expect(validateAdjustment(bad, resolved)).toMatchObject({ code, actor: 'caller', remedy: expect.any(String) });
  });

  describe('with addresses that are to stay', () => {
    const own = (index: number) => `pip-fw-westeurope-${String(index).padStart(2, '0')}`;
    const until = '2026-11-27T12:00:00Z';
    const keeping = (name: string, changes: Partial<Adjustment> = {}) =>
      adjustment({ count: 3, reserved: [{ name, until }] }, { id: 'by-hand', since: NOW, ...changes });
    const idOf = (index: number) =>
      (resolved.publicIpAddresses.find(({ name }) => name === own(0))?.id ?? '').replace(own(0), own(index));

    it('takes those of the spec, of a live adjustment and of the ledger, in any case', () => {
      expect(validateAdjustment(keeping(own(2)), resolved)).toBeUndefined();
      expect(validateAdjustment(keeping(own(4).toUpperCase()), resolved, [adjustment(5)])).toBeUndefined();
      expect(validateAdjustment(keeping(own(4)), resolved, [], [idOf(4).toUpperCase()])).toBeUndefined();
      const named = adjustment({ count: 3, detached: [own(7)] });
      expect(validateAdjustment(keeping(own(7)), resolved, [named])).toBeUndefined();
    });

    it.each([
      ['a digit is missing', 'pip-fw-westeurope-3'],
      ['it is the placeholder of an example', 'pip-FIREWALL-03'],
      ['it is the address of something else', 'pip-ab-westeurope'],
      ['nobody has made or wanted it', own(6)],
    ])('refuses a name where %s, and lists those that there are', (_, name) => {
      const bad = adjustment({
        count: 3,
        detached: [own(1)],
        reserved: [
          { name: own(3), until },
          { name, until },
        ],
      });

      expect(validateAdjustment({ ...bad, since: NOW }, resolved, [adjustment(5)], [idOf(5)])).toMatchObject({
        code: 'AdjustmentAddressUnknown',
        path: 'value.reserved[1].name',
        message: `${name} is no address of the firewall fw-westeurope.`,
        remedy: expect.stringContaining(`: ${[0, 1, 2, 3, 4, 5].map(own).join(', ')}.`),
      });
      const off = adjustment({ count: 3, detached: [name] });
      expect(validateAdjustment(off, resolved, [adjustment(5)], [idOf(5)])).toMatchObject({
        code: 'AdjustmentAddressUnknown',
        path: 'value.detached[0]',
      });
    });

    it('refuses a reservation that is over before it begins', () => {
      expect(validateAdjustment(keeping(own(0), { since: until }), resolved)).toMatchObject({
        code: 'AdjustmentValueInvalid',
        path: 'value.reserved[0].until',
        message: `${own(0)} would not be kept: ${until} is not in the future.`,
      });
    });

    it('keeps every address that it takes, also one beyond what the spec allows by now', () => {
      fc.assert(
        fc.property(fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 8 }), fc.nat(60), (made, index) => {
          const ledgerIds = made.map(idOf);
          const problem = validateAdjustment(keeping(own(index)), resolved, [], ledgerIds);

          expect(problem === undefined).toBe(index < 3 || made.includes(index));
          const kept = compile(resolved, [keeping(own(index))], NOW).nodes.map(({ id }) => id);
          if (problem === undefined) expect(kept).toContain(idOf(index));
        }),
        { numRuns: 50 },
      );
    });
  });

  it.each([
    [0, 'value', 'value is 0; at least 1 is accepted.'],
    ['five', 'value', "value is 'five', not a number."],
    [{ reserved: [] }, 'value.count', 'value.count is missing.'],
    [{ count: 3, reserve: [] }, 'value.reserve', 'There is no property reserve here.'],
    [{ count: 3, reserved: ['pip-03'] }, 'value.reserved[0]', "value.reserved[0] is 'pip-03', not a mapping."],
    [
      { count: 3, reserved: [{ name: 'pip-03', until: 'tomorrow' }] },
      'value.reserved[0].until',
      "value.reserved[0].until is 'tomorrow'; it must be an ISO 8601 time with a zone, such as 2026-03-01T09:30:00Z.",
    ],
  ])('says of %j what is wrong with it, and where', (value, path, message) => {
    expect(validateAdjustment(adjustment(value), resolved)).toMatchObject({
      code: 'AdjustmentValueInvalid',
      path,
      message,
      remedy: expect.stringContaining('from 3 to 20'),
    });
  });
});
