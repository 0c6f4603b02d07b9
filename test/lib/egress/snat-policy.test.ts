import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideScaleIn, decideScaleOut } from '../../../lib/egress/snat-policy.ts';
import {
  address,
  addresses,
  firewall,
  HOUR_MS,
  level,
  MINUTE_MS,
  metric,
  NOW_MS,
  plain,
  scaleInInput,
  scaleOutInput,
  settings,
} from '../../support/snat.ts';

const capped = (maximum: number) => ({ bounds: { minimum: 1, maximum } });

describe('decideScaleOut', () => {
  it.each([
    // N, average, maximum, expected
    [3, 80, 85, 4],
    [3, 88, 93, 5],
    [10, 90, 94, 15],
    [4, 94, 94, 7],
    // Saturated: at least five more.
    [3, 96, 100, 8],
    [2, 60, 97, 7],
    [1, 100, 100, 6],
  ])('of %i addresses at %i %% (highest %i %%) makes %i', (count, average, maximum, expected) => {
    const decision = decideScaleOut(scaleOutInput(count, average, maximum));

    expect(decision).toMatchObject({
      decision: 'scaleOut',
      figures: { addresses: count, instances: 2, availablePorts: 2496 * 2 * count, targetAddresses: expected },
      change: { fromAddresses: count, toAddresses: expected, value: plain(expected) },
    });
    expect(decision.reasons.length).toBeGreaterThan(1);
  });

  it('says the arithmetic: the demand, the busiest protocol, and where the gauge is only a lower bound', () => {
    const { figures } = decideScaleOut(scaleOutInput(4, 90, 94));
    expect(figures).toMatchObject({
      utilizationPercent: 90,
      protocol: 'TCP',
      demandIsLowerBound: false,
      metricAgeMinutes: 0,
    });
    expect(figures.demandPorts).toBeCloseTo(0.9 * 4 * 2 * 2496);
    expect(decideScaleOut(scaleOutInput(4, 90, 99)).figures).toMatchObject({ demandIsLowerBound: true });
  });

  const early = { ...settings, scaleOut: { ...settings.scaleOut, maximumPercent: 85 } };

  it.each([
    [3, 88, 93, '5 is the fewest at which 13,179 ports are at most 60 % (52.8 %).'],
    [
      5,
      40,
      90,
      '4 is the fewest at which 9,984 ports are at most 60 % (50 %); for the highest minutes one address more',
    ],
    [
      5,
      10,
      96,
      '1 is the fewest at which 2,496 ports are at most 60 % (50 %), and Microsoft advises at least 5 addresses',
    ],
  ])('says of %i addresses at %i %% (highest %i %%) where their number comes from', (count, average, maximum, text) => {
    const decision = decideScaleOut(scaleOutInput(count, average, maximum, { settings: early }));

    expect(decision.reasons.join(' ')).toContain(text);
  });

  it.each([
    [79.9, 94.9],
    [45, 45],
    [0, 0],
  ])('keeps what there is at %d %% on average, %d %% at most', (average, maximum) => {
    expect(decideScaleOut(scaleOutInput(5, average, maximum))).toMatchObject({
      decision: 'keep',
      code: 'UtilizationAcceptable',
      change: null,
    });
  });

  it('panics over one minute at the maximum, whatever the average says', () => {
    expect(decideScaleOut(scaleOutInput(5, 40, 96))).toMatchObject({
      decision: 'scaleOut',
      code: 'MaximumReached',
      change: { toAddresses: 10 },
    });
    const early = { ...settings, scaleOut: { ...settings.scaleOut, maximumPercent: 85 } };
    expect(decideScaleOut(scaleOutInput(5, 40, 90, { settings: early })).change?.toAddresses).toBe(6);
  });

  it.each([
    ['the step', { settings: { ...settings, scaleOut: { ...settings.scaleOut, mostAddressesPerStep: 2 } } }, 12, []],
    ['the maximum of the spec', capped(13), 13, ['RaiseMaximum', 'PrescaleFirewall', 'UseNatGateway']],
    ['the room in the prefixes', { prefixRoom: 1 }, 11, ['AddPublicIpPrefix', 'PrescaleFirewall', 'UseNatGateway']],
    [
      'the limit shared with DNAT',
      { firewall: firewall(10, { dnatDestinations: 238 }) },
      12,
      ['PrescaleFirewall', 'UseNatGateway'],
    ],
  ])('ends at %s', (_, changes, expected, recommended) => {
    const decision = decideScaleOut(scaleOutInput(10, 94, 94, changes));

    expect(decision).toMatchObject({ decision: 'scaleOut', figures: { wantedAddresses: 16 } });
    expect(decision.change?.toAddresses).toBe(expected);
    expect(decision.recommendations.map(({ code }) => code)).toEqual(
      // Without prefixes, five new addresses and more are dear.
      recommended.length === 0 ? [] : recommended,
    );
  });

  it('refuses at the ceiling and recommends a NAT gateway and prescaling with their arithmetic', () => {
    const decision = decideScaleOut(scaleOutInput(20, 94, 94, capped(20)));

    expect(decision).toMatchObject({ decision: 'refuse', code: 'CeilingReached', change: null });
    const demand = 0.94 * 20 * 2 * 2496;
    const byCode = new Map(decision.recommendations.map((one) => [one.code, one]));
    expect(byCode.get('RaiseMaximum')?.figures).toEqual({ maximumAddresses: 20, wantedAddresses: 32 });
    expect(byCode.get('UseNatGateway')?.figures).toMatchObject({ addresses: 2, ports: 129_024, maximumAddresses: 16 });
    expect(byCode.get('UseNatGateway')?.message).toMatch(/64,512 .*16 .*93,850.* 2 \(129,024 ports\)/);
    // 20 addresses × 4 instances × 2,496 × 60 % is the first that holds it.
    expect(byCode.get('PrescaleFirewall')?.figures).toMatchObject({ minimumInstances: 4, ports: 20 * 4 * 2496 });
    expect(byCode.get('PrescaleFirewall')?.figures.demandPorts).toBeCloseTo(demand);
    expect(byCode.has('ShortenConnections')).toBe(true);
  });

  it.each([
    // current maximum, recommended maximum: equal, or more than 1 apart
    [3, 6],
    [4, 4],
    [5, 6],
    [6, 6],
    [20, 20],
  ])('recommends bounds of prescaling that Azure takes (maximum %i)', (maximumInstances, expected) => {
    const decision = decideScaleOut(
      scaleOutInput(20, 94, 94, { ...capped(20), firewall: firewall(20, { maximumInstances }) }),
    );
    const prescale = decision.recommendations.find(({ code }) => code === 'PrescaleFirewall');

    expect(prescale?.figures).toMatchObject({ minimumInstances: 4, maximumInstances: expected });
  });

  it.each([
    ['NatGatewayOnSubnet', 'refuse', { natGatewayId: '/natGateways/nat' }],
    ['DualStackFirewall', 'refuse', { ipv6Addresses: ['pip-v6'] }],
    ['FirewallFailed', 'refuse', { provisioningState: 'Failed' }],
    ['FirewallBusy', 'wait', { provisioningState: 'Updating' }],
    ['FirewallWithoutSubnet', 'refuse', { addresses: [] }],
  ])('answers %s', (code, expected, changes) => {
    const decision = decideScaleOut(scaleOutInput(3, 99, 100, { firewall: firewall(3, changes) }));

    expect(decision).toMatchObject({ decision: expected, code, change: null });
    expect(decision.reasons[0]).toMatch(/\.$/);
  });

  it('finds the subnet wherever it is', () => {
    const list = [address(0, { carriesSubnet: false }), address(1, { carriesSubnet: true }), address(2)];

    expect(decideScaleOut(scaleOutInput(3, 85, 85, { firewall: firewall(3, { addresses: list }) })).decision).toBe(
      'scaleOut',
    );
  });

  it.each([
    ['MetricMissing', metric(5, { TCP: () => null })],
    ['MetricMissing', metric(5, {})],
    ['MetricStale', metric(5, { TCP: level(90) }, 1, NOW_MS - 11 * MINUTE_MS)],
    ['MetricIncomplete', metric(5, { TCP: (index) => (index < 2 || index === 4 ? null : level(90)()) }, 1)],
  ])('waits with %s', (code, utilization) => {
    expect(decideScaleOut(scaleOutInput(3, 0, 0, { utilization }))).toMatchObject({
      decision: 'wait',
      code,
      change: null,
      retryAtMs: NOW_MS + MINUTE_MS,
    });
  });

  it('takes gaps for gaps: the average is that of the minutes that are known', () => {
    const utilization = metric(5, { TCP: (index) => (index === 1 || index === 3 ? null : level(85)()) });

    expect(decideScaleOut(scaleOutInput(3, 0, 0, { utilization })).figures.utilizationPercent).toBe(85);
  });

  it('looks at the last minutes that have data, not at the empty end of the window', () => {
    const utilization = metric(20, { TCP: (index) => (index >= 17 ? null : level(index < 12 ? 99 : 50)()) });

    expect(decideScaleOut(scaleOutInput(3, 0, 0, { utilization }))).toMatchObject({
      decision: 'keep',
      figures: { utilizationPercent: 50, maximumPercent: 50, metricAgeMinutes: 3 },
    });
  });

  it('rests after a step until the metric can show its effect', () => {
    const at = (minutesAgo: number) =>
      decideScaleOut(scaleOutInput(3, 99, 99, { lastChangeAtMs: NOW_MS - minutesAgo * MINUTE_MS }));

    expect(at(14)).toMatchObject({ decision: 'wait', code: 'CoolingDown', retryAtMs: NOW_MS + MINUTE_MS });
    expect(at(15).decision).toBe('scaleOut');
  });

  it('waits for a declared address that a run is about to attach, and only for that', () => {
    const missing = [{ name: 'pip-3', ofSpec: true }];
    const lacking = { firewall: firewall(3, { missing }), value: plain(4) };

    expect(decideScaleOut(scaleOutInput(3, 99, 99, { ...lacking, changeUnderWay: true }))).toMatchObject({
      decision: 'wait',
      code: 'ChangeUnderWay',
      retryAtMs: NOW_MS + MINUTE_MS,
    });
    expect(decideScaleOut(scaleOutInput(3, 99, 99, { changeUnderWay: true })).decision).toBe('scaleOut');
  });

  it('brings what an operation that waits is to bring, for a person also where drift may not', () => {
    const missing = [{ name: 'pip-3', ofSpec: true }];
    const decide = (awaited: { readonly isAttended: boolean; readonly takesStepIn: boolean }) =>
      decideScaleOut(
        scaleOutInput(3, 99, 99, {
          ...{ firewall: firewall(3, { missing }), value: plain(4), mayRestoreSpec: false },
          awaited: { text: 'prod-2 of author, which waits: The change is safe.', ...awaited },
        }),
      );

    const taken = decide({ isAttended: true, takesStepIn: true });
    expect(taken.decision).toBe('scaleOut');
    expect(taken.change?.value.count).toBe(taken.change?.toAddresses);
    expect(taken.reasons.join(' ')).toContain('not attached yet: pip-3');
    expect(taken.reasons.join(' ')).not.toContain('taken off by somebody');
    expect(decide({ isAttended: false, takesStepIn: true }).code).toBe('SpecAddressMissing');
    const left = decide({ isAttended: true, takesStepIn: false });
    expect(left).toMatchObject({ decision: 'refuse', code: 'AddressesAwaited' });
    expect(left.reasons[0]).toBe(
      'pip-3 is declared and left to the operation prod-2 of author, which waits: The change is safe.',
    );
  });

  it('brings back what an adjustment declares and somebody took off, and counts it for the step', () => {
    const missing = [
      { name: 'pip-1', ofSpec: false },
      { name: 'pip-4', ofSpec: false },
    ];
    // Another one was detached by us, and stays so.
    const value = { count: 6, detached: ['pip-6'], reserved: [] };
    const present = firewall(4, { missing });

    const enough = decideScaleOut(scaleOutInput(4, 80, 80, { firewall: present, value, prefixRoom: 0 }));
    expect(enough.change).toEqual({ fromAddresses: 4, toAddresses: 6, value });
    expect(enough.reasons.join(' ')).toContain('pip-1, pip-4');

    const more = decideScaleOut(scaleOutInput(4, 94, 94, { firewall: present, value }));
    expect(more.change).toEqual({ fromAddresses: 4, toAddresses: 7, value: plain(7) });
  });

  it('asks for help where the spec declares what is missing and drift may not put it back', () => {
    const lacking = { firewall: firewall(3, { missing: [{ name: 'pip-3', ofSpec: true }] }), value: plain(4) };

    const refused = decideScaleOut(scaleOutInput(3, 88, 88, lacking));
    expect(refused).toMatchObject({ decision: 'refuse', code: 'SpecAddressMissing', change: null });
    expect(refused.reasons.join(' ')).toContain('pip-3');
    expect(refused.recommendations.map(({ code }) => code)).toEqual(['ReconcileBaseline']);

    const restored = decideScaleOut(scaleOutInput(3, 88, 88, { ...lacking, mayRestoreSpec: true }));
    expect(restored.change).toMatchObject({ toAddresses: 5, value: plain(5) });
  });

  it('counts what others attached, and asks only for ours', () => {
    const list = [...addresses(3), address(9, { name: 'theirs', origin: 'foreign' })];
    const decision = decideScaleOut(
      scaleOutInput(4, 85, 90, { firewall: firewall(4, { addresses: list }), value: plain(3) }),
    );

    expect(decision.change).toMatchObject({ fromAddresses: 4, toAddresses: 6, value: plain(5) });
  });

  it('brings back reserved addresses before it makes new ones', () => {
    const until = new Date(NOW_MS + HOUR_MS).toISOString();
    const value = { count: 3, detached: ['pip-4', 'pip-3'], reserved: [{ name: 'pip-3', until }] };

    const decision = decideScaleOut(scaleOutInput(3, 80, 80, { value }));

    expect(decision.change?.value).toEqual({ count: 4, detached: ['pip-4'], reserved: [] });
  });
});

describe('decideScaleIn', () => {
  it('takes the newest of ours that is neither pinned nor named by DNAT, and keeps it reserved', () => {
    const list = [
      address(0),
      address(1, { attachedAtMs: 100 }),
      address(2, { attachedAtMs: 300, pinned: true }),
      address(3, { attachedAtMs: 400, dnatReferenced: true }),
      address(4, { attachedAtMs: 50 }),
      address(5, { attachedAtMs: 500, origin: 'foreign' }),
      address(6, { attachedAtMs: 600, origin: 'existing' }),
    ];
    const decision = decideScaleIn(
      scaleInInput(7, 10, 20, { firewall: firewall(7, { addresses: list }), value: plain(6) }),
    );

    const until = NOW_MS + 168 * HOUR_MS;
    expect(decision).toMatchObject({
      decision: 'scaleIn',
      change: {
        fromAddresses: 7,
        toAddresses: 6,
        removedName: 'pip-1',
        reservedUntilMs: until,
        value: { count: 5, detached: ['pip-1'], reserved: [{ name: 'pip-1', until: new Date(until).toISOString() }] },
      },
    });
  });

  it('assumes the fewest instances, not those of now', () => {
    // 30 % of 4 × 8 instances is far more than 3 × 2 instances carry.
    const many = { firewall: firewall(4, { instances: 8 }), capacity: metric(24 * 60, { '': level(8) }, 5) };
    expect(decideScaleIn(scaleInInput(4, 30, 30, many)).code).toBe('DemandTooHigh');
    const prescaled = { ...many, firewall: firewall(4, { instances: 8, minimumInstances: 8 }) };
    expect(decideScaleIn(scaleInInput(4, 30, 30, prescaled)).decision).toBe('scaleIn');
  });

  it.each([
    [4, 33.75, 'scaleIn'],
    [4, 33.8, 'keep'],
    [2, 22.5, 'scaleIn'],
    [2, 22.6, 'keep'],
  ])('of %i addresses at %d %%: %s', (count, average, expected) => {
    expect(decideScaleIn(scaleInInput(count, average)).decision).toBe(expected);
  });

  it.each([
    ['MinimumReached', 'keep', scaleInInput(3, 1, 1, { bounds: { minimum: 3, maximum: 9 } })],
    ['MinimumReached', 'keep', scaleInInput(1, 1, 1)],
    [
      'ScaleInDisabled',
      'keep',
      scaleInInput(5, 1, 1, { settings: { ...settings, scaleIn: { ...settings.scaleIn, enabled: false } } }),
    ],
    [
      'NothingRemovable',
      'keep',
      scaleInInput(2, 1, 1, { firewall: firewall(2, { addresses: [address(0), address(1, { pinned: true })] }) }),
    ],
    ['CoolingDown', 'wait', scaleInInput(5, 1, 1, { lastChangeAtMs: NOW_MS - 24 * HOUR_MS + 1 })],
    ['ChangeUnderWay', 'wait', scaleInInput(5, 1, 1, { value: plain(4), changeUnderWay: true })],
    ['NotAsDeclared', 'keep', scaleInInput(5, 1, 1, { value: plain(4) })],
    [
      'NotAsDeclared',
      'keep',
      scaleInInput(5, 1, 1, {
        value: plain(6),
        firewall: firewall(5, { missing: [{ name: 'pip-1', ofSpec: false }] }),
      }),
    ],
    ['AlertOpen', 'wait', scaleInInput(5, 1, 1, { openAlertsFiredAtMs: [NOW_MS - HOUR_MS] })],
    ['AlertOpen', 'wait', scaleInInput(5, 1, 1, { openAlertsFiredAtMs: [NOW_MS - HOUR_MS, NOW_MS - 90 * HOUR_MS] })],
    ['OutsideChangeWindow', 'wait', scaleInInput(5, 1, 1, { inChangeWindow: false, nextChangeWindowMs: 7 })],
    ['PeaksTooHigh', 'keep', scaleInInput(4, 30, 70)],
    ['SaturatedInLookBack', 'keep', scaleInInput(5, 1, 95)],
    ['FirewallBusy', 'wait', scaleInInput(5, 1, 1, { firewall: firewall(5, { provisioningState: 'Updating' }) })],
    ['DualStackFirewall', 'refuse', scaleInInput(5, 1, 1, { firewall: firewall(5, { ipv6Addresses: ['pip-v6'] }) })],
    ['NatGatewayOnSubnet', 'refuse', scaleInInput(5, 1, 1, { firewall: firewall(5, { natGatewayId: '/n' }) })],
    [
      'MetricStale',
      'wait',
      scaleInInput(5, 1, 1, { utilization: metric(24 * 60, { TCP: (i) => (i > 284 ? null : level(1)()) }, 5) }),
    ],
    ['DataIncomplete', 'wait', scaleInInput(5, 1, 1, { utilization: metric(23 * 60, { TCP: level(1) }, 5) })],
    ['DataIncomplete', 'wait', scaleInInput(5, 1, 1, { utilization: metric(24 * 60, { TCP: () => null }, 5) })],
    ['DataIncomplete', 'wait', scaleInInput(5, 0, 0, { capacity: metric(24 * 60, { '': () => null }, 5) })],
    [
      'DataIncomplete',
      'wait',
      scaleInInput(5, 1, 1, { utilization: metric(24 * 60, { TCP: (i) => (i % 19 === 0 ? null : level(1)()) }, 5) }),
    ],
  ])('answers %s', (code, expected, input) => {
    const decision = decideScaleIn(input);

    expect(decision).toMatchObject({ code, decision: expected, change: null });
    expect(decision.reasons[0]).toMatch(/\.$/);
  });

  it('says from when on a look-back can have its data, which began six hours ago', () => {
    const began = (index: number) => (index < 18 * 12 ? null : level(1)());
    const input = scaleInInput(5, 1, 1, { utilization: metric(24 * 60, { TCP: began }, 5) });

    const decision = decideScaleIn(input);

    // 95 % of 288 grains are 274, and 72 are there.
    const atMs = NOW_MS + (274 - 72) * 5 * MINUTE_MS;
    expect(decision).toMatchObject({ code: 'DataIncomplete', decision: 'wait', retryAtMs: atMs });
    expect(decision.reasons[0]).toContain(`from ${new Date(atMs).toISOString()} on`);
  });

  it('takes a protocol that is hardly used, and hardly reported, for what it is', () => {
    const seldom = (value: number) => (index: number) => (index % 50 === 0 ? level(value)() : null);
    const at = (value: number) =>
      decideScaleIn(scaleInInput(9, 1, 1, { utilization: metric(24 * 60, { TCP: level(6), UDP: seldom(value) }, 5) }))
        .code;

    expect([at(0), at(5), at(5.1), at(6.5)]).toEqual(['DemandLow', 'DemandLow', 'DataIncomplete', 'DataIncomplete']);
  });

  it('does not wait for ever for a Resolved that got lost', () => {
    const openAlertsFiredAtMs = [NOW_MS - 24 * HOUR_MS];
    expect(decideScaleIn(scaleInInput(5, 1, 1, { openAlertsFiredAtMs })).decision).toBe('scaleIn');
  });

  it('waits for each open alert, whichever of them fired last', () => {
    const hoursAgo = fc.array(fc.integer({ min: 0, max: 72 }), { maxLength: 8 });
    fc.assert(
      fc.property(hoursAgo, (hours) => {
        const openAlertsFiredAtMs = hours.map((hour) => NOW_MS - hour * HOUR_MS);
        const { code } = decideScaleIn(scaleInInput(5, 1, 1, { openAlertsFiredAtMs }));
        expect(code).toBe(hours.some((hour) => hour < 24) ? 'AlertOpen' : 'DemandLow');
      }),
    );
  });

  it('counts demand with the addresses of its time', () => {
    const addressHistory = [
      { fromMs: 0, addresses: 40 },
      { fromMs: NOW_MS - 12 * HOUR_MS, addresses: 5 },
    ];
    expect(decideScaleIn(scaleInInput(5, 10, 10)).decision).toBe('scaleIn');
    expect(decideScaleIn(scaleInInput(5, 10, 10, { addressHistory })).code).toBe('DemandTooHigh');
  });

  it('speaks of one address as of one', () => {
    expect(decideScaleOut(scaleOutInput(4, 80.5, 80.5, { prefixRoom: 1 })).reasons.join(' ')).toMatch(
      /^1 address is added to the present 4\..* 1 address left in the public IP prefixes/,
    );
    expect(decideScaleIn(scaleInInput(2, 60)).reasons[0]).toMatch(/; 1 address on 2 instances has 4,992 ports/);
  });

  it('tells a change that is made from one that would be', () => {
    const out = decideScaleOut(scaleOutInput(4, 80.5, 80.5));
    const back = decideScaleIn(scaleInInput(5, 10, 10));

    for (const { reasons, unmadeReasons } of [out, back]) {
      const unmade = unmadeReasons?.join(' ') ?? '';
      expect(unmade).toMatch(/ would (be added|stay reserved)/);
      expect(unmade.replace('would be added', 'is added').replace('would stay', 'stays')).toBe(
        reasons.join(' ').replace('are added', 'is added'),
      );
    }
    expect(decideScaleOut(scaleOutInput(4, 10, 10)).unmadeReasons).toBeUndefined();
  });

  it('calls nothing a fact that is only counted so', () => {
    const reason = (average: number, maximum: number, before: number) => {
      const addressHistory = [
        { fromMs: 0, addresses: before },
        { fromMs: NOW_MS - 12 * HOUR_MS, addresses: 5 },
      ];
      return decideScaleIn(scaleInInput(5, average, maximum, { addressHistory })).reasons[0];
    };

    expect(reason(50, 50, 5)).toMatch(/^During the last 24 hours up to 12,480 ports were in use; /);
    expect(reason(10, 10, 40)).toMatch(
      /^During the last 24 hours demand counts as up to 19,968 ports, at least 2,496, since the number of addresses around a change is uncertain; /,
    );
    expect(reason(5, 70, 5)).toMatch(/^In single minutes up to 17,472 ports were in use; /);
  });
});

const counts = fc.integer({ min: 1, max: 60 });
const load = fc.double({ min: 0, max: 100, noNaN: true });

describe('whatever the figures', () => {
  const scene = fc.record({
    count: counts,
    average: load,
    above: load,
    minimum: fc.integer({ min: 1, max: 30 }),
    room: fc.option(fc.integer({ min: 0, max: 40 }), { nil: null }),
    maximum: fc.integer({ min: 1, max: 250 }),
    dnatDestinations: fc.integer({ min: 0, max: 250 }),
    step: fc.integer({ min: 1, max: 20 }),
    instances: fc.option(fc.integer({ min: 2, max: 20 }), { nil: null }),
  });

  it('never adds beyond a cap, never takes anything away, and says why', () => {
    fc.assert(
      fc.property(scene, ({ count, average, above, room, maximum, dnatDestinations, step, instances }) => {
        const decision = decideScaleOut(
          scaleOutInput(count, average, Math.min(100, Math.max(average, above)), {
            firewall: firewall(count, { dnatDestinations, instances }),
            bounds: { minimum: 1, maximum },
            prefixRoom: room,
            settings: { ...settings, scaleOut: { ...settings.scaleOut, mostAddressesPerStep: step } },
          }),
        );

        expect(decision.reasons.length).toBeGreaterThan(0);
        expect(decision.change === null).toBe(decision.decision !== 'scaleOut');
        if (decision.change === null) return;
        const { toAddresses, value } = decision.change;
        expect(toAddresses).toBeGreaterThan(count);
        expect(toAddresses).toBeLessThanOrEqual(
          Math.min(count + step, maximum, count + (room ?? 250), 250 - dnatDestinations),
        );
        expect(value.count).toBe(toAddresses);
      }),
    );
  });

  it('never leaves away what is declared, nor waits for what nobody brings', () => {
    const lost = fc.array(fc.boolean(), { maxLength: 8 });
    fc.assert(
      fc.property(scene, lost, fc.boolean(), fc.boolean(), (drawn, ofSpec, changeUnderWay, mayRestoreSpec) => {
        const { count, average, above, room, maximum, dnatDestinations, step } = drawn;
        const missing = ofSpec.map((one, index) => ({ name: `pip-${count + index}`, ofSpec: one }));
        const decision = decideScaleOut(
          scaleOutInput(count, average, Math.min(100, Math.max(average, above)), {
            firewall: firewall(count, { dnatDestinations, missing }),
            bounds: { minimum: 1, maximum },
            value: plain(count + missing.length),
            prefixRoom: room,
            settings: { ...settings, scaleOut: { ...settings.scaleOut, mostAddressesPerStep: step } },
            changeUnderWay,
            mayRestoreSpec,
          }),
        );

        if (decision.decision === 'wait') expect(changeUnderWay && missing.length > 0).toBe(true);
        if (decision.change === null) return;
        const declared = count + missing.length;
        const { toAddresses, value } = decision.change;
        expect(missing.length === 0 || !changeUnderWay).toBe(true);
        expect(mayRestoreSpec || !ofSpec.includes(true)).toBe(true);
        expect(toAddresses).toBeGreaterThanOrEqual(declared);
        expect(value).toEqual(plain(toAddresses));
        expect(toAddresses).toBeLessThanOrEqual(
          Math.min(Math.max(declared, count + step), maximum, declared + (room ?? 250), 250 - dnatDestinations),
        );
      }),
    );
  });

  it('says only arithmetic that is true', () => {
    const told = /(\d+) is the fewest at which ([\d,]+) ports are at most 60 % \(([\d.]+) %\)/;
    fc.assert(
      fc.property(counts, load, load, (count, average, above) => {
        const decision = decideScaleOut(scaleOutInput(count, average, Math.max(average, above)));
        const match = told.exec(decision.reasons.join(' '));

        expect(match !== null).toBe(['scaleOut', 'refuse'].includes(decision.decision));
        if (match === null) return;
        const [addressCount, ports, share] = match.slice(1).map((text) => Number(text.replaceAll(',', ''))) as [
          number,
          number,
          number,
        ];
        const one = 2 * 2496;
        expect(share).toBeCloseTo((ports * 100) / (addressCount * one), 0);
        expect(share).toBeLessThanOrEqual(60);
        if (addressCount > 1) expect(ports + 1).toBeGreaterThan(0.6 * (addressCount - 1) * one);
      }),
    );
  });

  it('asks for no fewer addresses when more ports are in use', () => {
    fc.assert(
      fc.property(counts, load, load, load, fc.integer({ min: 1, max: 250 }), (count, a, b, peak, maximum) => {
        const target = (average: number, highest: number) =>
          decideScaleOut(scaleOutInput(count, average, Math.max(average, highest), capped(maximum))).change
            ?.toAddresses ?? count;
        const [less, more] = [Math.min(a, b), Math.max(a, b)];

        expect(target(more, peak)).toBeGreaterThanOrEqual(target(less, peak));
        expect(target(a, more)).toBeGreaterThanOrEqual(target(a, less));
      }),
    );
  });

  it('never goes below the minimum, nor by more than one', () => {
    fc.assert(
      fc.property(scene, ({ count, average, above, minimum }) => {
        const bounds = { minimum, maximum: 250 };
        const decision = decideScaleIn(
          scaleInInput(count, average, Math.min(100, Math.max(average, above)), { bounds }),
        );

        if (decision.change === null) return;
        expect(decision.change.toAddresses).toBe(count - 1);
        expect(decision.change.toAddresses).toBeGreaterThanOrEqual(minimum);
        expect(decision.change.value.count).toBe(count - 1);
      }),
    );
  });

  it('takes nothing away on incomplete data', () => {
    fc.assert(
      fc.property(fc.integer({ min: 15, max: 288 }), fc.boolean(), fc.nat(287), (gaps, ofCapacity, offset) => {
        const holes = (index: number) => ((index + offset) * 7) % 288 < gaps;
        const holey = (value: number) => (index: number) => (holes(index) ? null : level(value)());
        const input = ofCapacity
          ? { capacity: metric(24 * 60, { '': holey(2) }, 5) }
          : { utilization: metric(24 * 60, { TCP: holey(1), UDP: level(1) }, 5) };

        expect(decideScaleIn(scaleInInput(9, 1, 1, input)).change).toBeNull();
      }),
    );
  });

  it('never removes what is first, pinned, named by DNAT, or not made by Hubkeeper', () => {
    const one = fc.record({
      origin: fc.constantFrom('made' as const, 'existing' as const, 'foreign' as const),
      pinned: fc.boolean(),
      dnatReferenced: fc.boolean(),
      attachedAtMs: fc.option(fc.nat(5), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(one, { minLength: 2, maxLength: 12 }), fc.nat(), (list, at) => {
        const all = list.map((changes, index) =>
          address(index, { ...changes, carriesSubnet: index === at % list.length }),
        );
        const own = all.filter(({ origin }) => origin !== 'foreign').length;
        const decision = decideScaleIn(
          scaleInInput(all.length, 1, 1, { firewall: firewall(0, { addresses: all }), value: plain(Math.max(1, own)) }),
        );

        const removed = all.find(({ name }) => name === decision.change?.removedName);
        expect(removed === undefined).toBe(decision.change === null);
        if (removed === undefined) return;
        expect(removed).toMatchObject({ origin: 'made', pinned: false, dnatReferenced: false, carriesSubnet: false });
        expect(removed.name).not.toBe('pip-0');
        const rivals = all
          .slice(1)
          .filter((other) => other.origin === 'made' && !other.pinned && !other.dnatReferenced && !other.carriesSubnet);
        for (const rival of rivals) expect(rival.attachedAtMs ?? 0).toBeLessThanOrEqual(removed.attachedAtMs ?? 0);
      }),
    );
  });

  it('comes to rest under constant demand: no address is added again after one was taken away', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 400_000, noNaN: true }),
        fc.double({ min: 1, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 2, max: 6 }),
        (ports, burst, start, instances, fewest) => {
          const active = Math.max(instances, fewest);
          let count = start;
          let nowMs = NOW_MS;
          let lastChangeAtMs: number | null = null;
          let takenAway = false;
          let steps = 0;
          for (; steps < 400; steps++) {
            const gauge = (demand: number) => Math.min(100, (100 * demand) / (2496 * count * active));
            const [average, maximum] = [gauge(ports), gauge(ports * burst)];
            const shared = {
              nowMs,
              firewall: firewall(count, { instances: active, minimumInstances: fewest }),
            };
            const out = decideScaleOut(
              scaleOutInput(count, 0, 0, {
                ...shared,
                utilization: metric(5, { TCP: level(average, maximum) }, 1, nowMs),
                lastChangeAtMs,
              }),
            );
            if (out.change !== null) {
              expect(takenAway).toBe(false);
              count = out.change.toAddresses;
              lastChangeAtMs = nowMs;
              nowMs += 20 * MINUTE_MS;
              continue;
            }
            nowMs += 48 * HOUR_MS;
            const back = decideScaleIn(
              scaleInInput(count, 0, 0, {
                ...shared,
                nowMs,
                utilization: metric(24 * 60, { TCP: level(average, maximum) }, 60, nowMs),
                capacity: metric(24 * 60, { '': level(active) }, 60, nowMs),
                lastChangeAtMs,
              }),
            );
            if (back.change === null) break;
            takenAway = true;
            count = back.change.toAddresses;
            lastChangeAtMs = nowMs;
          }

          expect(steps).toBeLessThan(400);
        },
      ),
      { numRuns: 150 },
    );
  });
});
