import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { guard } from '../../../lib/plan/guard.ts';
import type { Change, Plan } from '../../../lib/plan/plan.ts';
import { REACTION_MODES, type ReactionMode } from '../../../lib/plan/reaction-rules.ts';
import { circumstancesOf, type GuardedRun } from '../../../lib/reconcile/circumstances.ts';
import { type Adjustment, type BaselineHead, newHead } from '../../../lib/state/baseline-head.ts';
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

function verdict(mode: ReactionMode, adjustments: readonly Adjustment[], run: GuardedRun = unattended, one = change) {
  const head: BaselineHead = { ...newHead('b'), adjustments };
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

  function judged(one: Change, { head = {}, paused = false, stopped = false, windows = [closed] }: Judged = {}) {
    const pause = { paused, by: 'eve', reason: 'r' } as Parameters<typeof circumstancesOf>[2];
    const own = {
      ...spec,
      changeWindows: windows,
      egress: { ...spec.egress, mode: 'act' as const },
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
