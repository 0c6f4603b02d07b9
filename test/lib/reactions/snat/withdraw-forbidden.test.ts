import { describe, expect, it } from '@jest/globals';
import { RELIEF_ADJUSTMENT, RELIEF_KIND } from '../../../../lib/reactions/snat/relief-names.ts';
import { reliefsNotBegun, withForbiddenWithdrawn } from '../../../../lib/reactions/snat/withdraw-forbidden.ts';
import type { BaselineHead } from '../../../../lib/state/baseline-head.ts';
import { reactionOf, reliefOf, withRelief } from '../../../../lib/state/reactions.ts';
import { memoryDependencies } from '../../../support/memory-dependencies.ts';
import { relievingHead } from '../../../support/relieving-head.ts';
import { FIREWALL_ID } from '../../../support/snat.ts';

const DECIDED = '2026-11-20T12:00:00.000Z';
const NOW = '2026-11-20T12:05:00.000Z';

const before = {
  id: RELIEF_ADJUSTMENT,
  kind: 'firewallPublicIpCount',
  scope: 'egress',
  target: FIREWALL_ID,
  value: 4,
  reason: 'r',
  since: '2026-11-01T12:00:00.000Z',
  until: '9999-12-31T00:00:00.000Z',
  by: 'hubkeeper',
};

function recorded(appliedAt: string | null = null): BaselineHead {
  const head = relievingHead('prod', FIREWALL_ID, { decidedAt: DECIDED, appliedAt, previous: before });
  return { ...head, adjustments: [{ ...before, value: 5, since: DECIDED }] };
}

/** The ledger of a firewall that was written last at this time. */
async function written(at: string) {
  const { ledger } = memoryDependencies();
  await ledger.write('prod', [
    {
      id: FIREWALL_ID,
      kind: 'azureFirewall',
      state: 'intended',
      created: true,
      confirmed: {},
      intended: {},
      lanes: [],
      dependsOn: [],
      scope: 'egress',
      operationId: 'prod-1',
      at,
    },
  ]);
  return { ledger };
}

describe('a spec that forbids a relief', () => {
  it.each(['off', 'observe'] as const)('in mode %s takes back what nobody has written yet', async (mode) => {
    const notBegun = await reliefsNotBegun(await written('2026-11-20T11:00:00.000Z'), recorded());

    const head = withForbiddenWithdrawn(recorded(), mode, notBegun, 'author', NOW);

    expect(head.adjustments).toEqual([before]);
    expect(reliefOf(reactionOf(head, RELIEF_KIND, FIREWALL_ID)).action).toBeNull();
    expect(head.outbox).toMatchObject([{ decision: 'scale out taken back', by: 'author', before: 5, after: 3 }]);
  });

  it.each(['propose', 'act'] as const)('does not do so in mode %s', async (mode) => {
    const head = recorded();
    const notBegun = await reliefsNotBegun(memoryDependencies(), head);

    expect(withForbiddenWithdrawn(head, mode, notBegun, 'author', NOW)).toBe(head);
  });

  it('leaves alone what is on its way to Azure, or there', async () => {
    const head = recorded();
    const begun = await reliefsNotBegun(await written('2026-11-20T12:01:00.000Z'), head);
    expect(withForbiddenWithdrawn(head, 'off', begun, 'author', NOW)).toBe(head);

    const applied = recorded(NOW);
    const seen = await reliefsNotBegun(memoryDependencies(), applied);
    expect(withForbiddenWithdrawn(applied, 'off', seen, 'author', NOW)).toBe(applied);
  });

  it('leaves alone what was decided since the ledger was read', async () => {
    const notBegun = await reliefsNotBegun(memoryDependencies(), recorded());
    const head = recorded();
    const reaction = reactionOf(head, RELIEF_KIND, FIREWALL_ID);
    const { action } = reliefOf(reaction);
    if (reaction === undefined || action === null) throw new Error('Nothing is under way.');
    const later = withRelief(head, reaction, { ...reliefOf(reaction), action: { ...action, decidedAt: NOW } });

    expect(withForbiddenWithdrawn(later, 'off', notBegun, 'author', NOW)).toBe(later);
  });
});
