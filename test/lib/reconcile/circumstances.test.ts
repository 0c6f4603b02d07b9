import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { guard } from '../../../lib/plan/guard.ts';
import type { Change, Plan } from '../../../lib/plan/plan.ts';
import { REACTION_MODES, type ReactionMode } from '../../../lib/plan/reaction-rules.ts';
import { circumstancesOf, type GuardedRun } from '../../../lib/reconcile/circumstances.ts';
import { type Adjustment, type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';
import { relievingHead } from '../../support/relieving-head.ts';
import { sample } from '../../support/sample.ts';

const NOW = '2026-11-20T12:00:00.000Z';
const { spec, resolved } = sample('aks-baseline');
const FIREWALL = resolved.firewall?.id ?? '';

const change: Change = {
  id: FIREWALL,
  kind: 'azureFirewall',
  action: 'update',
  risk: 'safe',
  owner: 'adjustment',
  reason: 'It differs.',
  diff: [{ path: 'properties.ipConfigurations[pip-fw-westeurope-03]', after: {} }],
  estimatedMinutes: 4,
  dependsOn: [],
  lanes: [],
  scope: 'egress',
};

const plan: Plan = { hash: 'h', changes: [change], criticalPathMinutes: 4, refused: [] };

function adjustment(by: string): Adjustment {
  const since = '2026-11-20T11:00:00.000Z';
  const until = '2026-12-20T11:00:00.000Z';
  const kind = 'firewallPublicIpCount';
  return { id: 'a', kind, scope: 'egress', target: FIREWALL, value: 5, reason: 'r', since, until, by };
}

const unattended: GuardedRun = {
  operationId: 'o',
  requesters: ['hubkeeper'],
  attended: false,
  teardown: false,
  requestedBy: 'hubkeeper',
};

function verdict(
  mode: ReactionMode,
  adjustments: readonly Adjustment[],
  run: GuardedRun = unattended,
  one = change,
  before: BaselineHead = newHead('b'),
) {
  const head: BaselineHead = { ...before, adjustments };
  const pause = { paused: false } as Parameters<typeof circumstancesOf>[2];
  const withMode = { ...spec, egress: { ...spec.egress, mode } };
  const { allowed, refused, waiting } = guard(
    { ...plan, changes: [one] },
    circumstancesOf(withMode, head, pause, false, run, [], [], NOW),
  );
  if (allowed.length > 0) return 'allowed';
  return refused[0]?.code ?? waiting[0]?.for;
}

describe('the mode of egress relief', () => {
  it.each([
    ['off', 'ReactionModeForbids'],
    ['observe', 'ReactionModeForbids'],
    ['propose', 'approval'],
    ['act', 'allowed'],
  ] as const)('%s: what a reaction adjusted is %s', (mode, expected) => {
    expect(verdict(mode, [adjustment('hubkeeper')])).toBe(expected);
    // Its way back too, when nothing is adjusted any more.
    expect(verdict(mode, [])).toBe(expected);
  });

  it.each(REACTION_MODES)('%s: a person’s own adjustment is carried out, and so is its end', (mode) => {
    expect(verdict(mode, [adjustment('ops@example.com')])).toBe('allowed');
    expect(verdict(mode, [], { ...unattended, requestedBy: 'ops@example.com' })).toBe('allowed');
  });

  const author = 'author@example.com';
  const attended: GuardedRun = { ...unattended, attended: true, requestedBy: author, requesters: [author] };
  const recorded = adjustment('hubkeeper');
  const underWay = relievingHead('b', FIREWALL, { decidedAt: recorded.since, appliedAt: null });

  it.each([
    ['off', 'ReactionModeForbids'],
    ['observe', 'ReactionModeForbids'],
    ['propose', 'approval'],
    ['act', 'allowed'],
  ] as const)('%s: what a reaction has just decided is %s to somebody’s run for something else', (mode, expected) => {
    expect(verdict(mode, [recorded], attended, change, underWay)).toBe(expected);
    expect(verdict(mode, [recorded], attended, { ...change, owners: ['adjustment', 'spec'] }, underWay)).toBe(expected);
    expect(verdict(mode, [recorded], attended, { ...change, owner: 'spec' }, underWay)).toBe('allowed');
    // An older adjustment of a person is not what counts for the firewall any more.
    const older = { ...adjustment(author), id: 'older', since: '2026-11-20T10:00:00.000Z' };
    expect(verdict(mode, [recorded, older], unattended, change, underWay)).toBe(expected);
  });

  it('asks an approver for what an alert of low severity has decided, whoever runs', () => {
    expect(verdict('act', [{ ...recorded, mode: 'propose' }], attended, change, underWay)).toBe('approval');
  });

  it.each(REACTION_MODES)('%s: what was there already is made again by a person’s run', (mode) => {
    const applied = relievingHead('b', FIREWALL, { decidedAt: recorded.since, appliedAt: NOW });
    expect(verdict(mode, [recorded], attended, change, applied)).toBe('allowed');
  });

  it.each(REACTION_MODES)('%s: a newer adjustment of a person counts, and so does its being ended', (mode) => {
    const newer = { ...adjustment(author), id: 'newer', since: '2026-11-20T11:30:00.000Z' };
    expect(verdict(mode, [recorded, newer], attended, change, underWay)).toBe('allowed');
    expect(verdict(mode, [], attended, change, underWay)).toBe('allowed');
  });

  it('is no word on a teardown', () => {
    const teardown = { ...attended, teardown: true };
    expect(verdict('off', [recorded], teardown, change, underWay)).toBe('approval');
  });

  it('leaves other parts of the baseline alone', () => {
    expect(verdict('off', [], unattended, { ...change, scope: 'hub' })).toBe('allowed');
  });
});

describe('change windows', () => {
  /** Thursdays at two: closed at the time of these tests, whatever the risk. */
  const closed = {
    days: ['Thursday' as const],
    start: '02:00',
    durationMinutes: 60,
    timeZone: 'UTC',
    appliesTo: 'all' as const,
  };
  const publicIp: Change = {
    ...change,
    id: `${FIREWALL}-address`,
    kind: 'publicIPAddress',
    action: 'create',
    diff: [{ path: 'sku.name', after: 'Standard' }],
  };
  const removed = { path: 'properties.ipConfigurations[pip-fw-westeurope-03]', before: {} };
  const added = { path: 'properties.ipConfigurations[pip-fw-westeurope-03]', after: {} };
  const tag = { path: 'tags.team', after: 'network' };

  const ours = adjustment('hubkeeper');
  const relieving = (action: Parameters<typeof relievingHead>[2]): Partial<BaselineHead> => ({
    reactions: relievingHead('b', FIREWALL, action).reactions ?? [],
  });
  const steppingOut = relieving({ decidedAt: ours.since, appliedAt: null });

  function judged(
    one: Change,
    { head = {}, paused = false, stopped = false, windows = [closed], egressMode = 'act' }: Judged = {},
  ) {
    const pause = { paused, by: 'eve', reason: 'r' } as Parameters<typeof circumstancesOf>[2];
    const own = {
      ...spec,
      changeWindows: windows,
      egress: { ...spec.egress, mode: egressMode },
      drift: { ...spec.drift, mode: 'act' as const },
    };
    const state: BaselineHead = { ...newHead('b'), adjustments: [adjustment('hubkeeper')], ...head };
    const { allowed, refused, waiting } = guard(
      { ...plan, changes: [one] },
      circumstancesOf(own, state, pause, stopped, unattended, [], [], NOW),
    );
    return allowed.length > 0 ? 'allowed' : (refused[0]?.code ?? waiting[0]?.for);
  }

  interface Judged {
    readonly head?: Partial<BaselineHead>;
    readonly paused?: boolean;
    readonly stopped?: boolean;
    readonly windows?: (typeof closed)[];
    readonly egressMode?: ReactionMode;
  }

  it.each([
    ['an address that is made for a relief', publicIp, 'allowed'],
    ['its diagnostic setting', { ...publicIp, kind: 'diagnosticSetting' }, 'allowed'],
    ['the firewall getting it', change, 'allowed'],
    ['the firewall losing one', { ...change, diff: [removed], risk: 'disruptive' }, 'changeWindow'],
    ['the firewall getting one and losing another', { ...change, diff: [added, removed] }, 'changeWindow'],
    ['the firewall getting one and a tag', { ...change, diff: [added, tag] }, 'changeWindow'],
    ['an address that is made for the spec', { ...publicIp, owner: 'spec' }, 'changeWindow'],
    ['an address of a NAT gateway', { ...publicIp, scope: 'spoke:a' }, 'changeWindow'],
    ['an address that is changed', { ...publicIp, action: 'update' }, 'changeWindow'],
    ['an address that goes', { ...publicIp, action: 'delete', risk: 'destructive' }, 'changeWindow'],
  ] as const)('%s', (_, one, expected) => {
    expect(judged({ ...one })).toBe(expected);
  });

  it.each<readonly [string, Judged, 'allowed' | 'changeWindow']>([
    ['a relief that adds', { head: steppingOut }, 'allowed'],
    ['a relief that asks first', { head: steppingOut, egressMode: 'propose' }, 'changeWindow'],
    [
      'a relief that asks first for a minor alert',
      { head: { ...steppingOut, adjustments: [{ ...ours, mode: 'propose' }] } },
      'changeWindow',
    ],
    ['one that has its addresses', { head: relieving({ decidedAt: ours.since, appliedAt: NOW }) }, 'changeWindow'],
    [
      'one that takes an address away',
      { head: relieving({ decidedAt: ours.since, appliedAt: null, direction: 'in' }) },
      'changeWindow',
    ],
    ['nothing', {}, 'changeWindow'],
  ])('beside %s, what the spec adds to the firewall', (_, beside, expected) => {
    expect(judged({ ...change, owner: 'spec' }, beside)).toBe(expected);
    expect(judged({ ...publicIp, owner: 'spec' }, beside)).toBe(expected);
    expect(judged({ ...change, owner: 'spec', diff: [added, tag] }, beside)).toBe('changeWindow');
    expect(judged({ ...publicIp, owner: 'spec', scope: 'hub' }, beside)).toBe('changeWindow');
  });

  it('give a relief nothing that holds, pauses and stops do not allow', () => {
    const held = {
      owner: 'eve',
      reason: 'r',
      scope: 'egress',
      since: NOW,
      by: 'eve',
      until: '2026-11-20T13:00:00.000Z',
    };
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(publicIp, change),
        (hold, paused, stopped, one) => {
          const state = { head: { hold: hold ? held : null }, paused, stopped };
          expect(judged(one, state)).toBe(judged(one, { ...state, windows: [] }));
          expect(judged(one, state) === 'allowed').toBe(!hold && !paused && !stopped);
        },
      ),
    );
  });
});
