import { describe, expect, it } from '@jest/globals';
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
