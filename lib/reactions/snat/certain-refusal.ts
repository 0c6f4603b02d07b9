import { adjusted } from '../../baseline/adjustments.ts';
import { writeFirewallPublicIpValue } from '../../baseline/firewall-public-ip-value.ts';
import type { SnatChange } from '../../egress/snat-decision.ts';
import { normaliseId, sameId } from '../../plan/graph.ts';
import { guard } from '../../plan/guard.ts';
import type { Change, Refusal } from '../../plan/plan.ts';
import { circumstancesOf } from '../../reconcile/circumstances.ts';
import type { BaselineHead } from '../../state/baseline-head.ts';
import type { ObservedFirewall } from './observe-egress.ts';
import { RELIEF_ADJUSTMENT } from './relief-names.ts';

/** Nobody waits here: pauses, holds, windows and approvals only delay a change. */
const NOT_PAUSED = { generation: 0, paused: false, by: '', reason: '', since: '' };

/** The lines of a plan that a step comes to, as far as the guard looks at them. */
function changesOf(seen: ObservedFirewall, head: BaselineHead, change: SnatChange, nowIso: string): readonly Change[] {
  const adjustment = {
    id: RELIEF_ADJUSTMENT,
    kind: 'firewallPublicIpCount',
    scope: 'egress',
    target: seen.resolved.id,
    value: writeFirewallPublicIpValue(change.value),
    reason: '',
    since: nowIso,
    by: 'hubkeeper',
  };
  const others = head.adjustments.filter(({ id }) => id !== RELIEF_ADJUSTMENT);
  const before = seen.resolved.publicIps;
  const after = adjusted(seen.declared, [...others, adjustment], nowIso).firewall?.publicIps ?? [];
  const isIn = (id: string, list: typeof before) => list.some((one) => sameId(one.id, id));
  const added = after.filter(({ id }) => !isIn(id, before));
  const entries =
    change.removedName === undefined ? added.map(({ configurationName }) => configurationName) : [change.removedName];
  const shared = { owner: 'adjustment', scope: 'egress', reason: '', lanes: [], estimatedMinutes: 0 } as const;
  const made = added
    .filter(({ id }) => !seen.observed.get(normaliseId(id)))
    .map(
      ({ id }): Change => ({
        ...shared,
        id,
        kind: 'publicIPAddress',
        action: 'create',
        risk: 'safe',
        diff: [],
        dependsOn: [],
      }),
    );
  const update: Change = {
    ...shared,
    id: seen.resolved.id,
    kind: 'azureFirewall',
    action: 'update',
    risk: 'disruptive',
    diff: entries.map((name) => ({ path: `properties.ipConfigurations[${name}]` })),
    dependsOn: made.map(({ id }) => id),
  };
  return [...made, update];
}

/**
 * What the guard will refuse of a change for certain, asked before anybody is told that it is coming: a mode of the
 * baseline, a rule of the spec for the field, the list of what may be changed. Undefined: nothing is known to. Pure.
 */
export function certainRefusal(
  seen: ObservedFirewall,
  head: BaselineHead,
  change: SnatChange,
  allowedScopes: readonly string[],
  nowIso: string,
): Refusal | undefined {
  const by = 'hubkeeper';
  const run = { operationId: '', requesters: [by], attended: false, teardown: false, requestedBy: by };
  const circumstances = circumstancesOf(seen.spec, head, NOT_PAUSED, false, run, [], allowedScopes, nowIso);
  const plan = { hash: '', changes: changesOf(seen, head, change, nowIso), criticalPathMinutes: 0, refused: [] };
  const { refused } = guard(plan, { ...circumstances, budget: null });
  return refused.find(({ cause }) => cause === undefined);
}
