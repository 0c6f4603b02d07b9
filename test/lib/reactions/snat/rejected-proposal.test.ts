import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rejectedNow, rejectionOf } from '../../../../lib/reactions/snat/rejected-proposal.ts';
import { NO_RELIEF } from '../../../../lib/state/snat-relief.ts';
import { Relieving } from '../../../support/relieving.ts';

const HOUR_MS = 3_600_000;

describe('a rejected change', () => {
  it('is taken for rejected until its day is over, and nothing but what was rejected is', async () => {
    const relieving = await Relieving.provisioned();
    await relieving.alert();
    await relieving.decide();
    const head = await relieving.reconciling.head();
    const [reaction] = head.reactions ?? [];
    const action = reaction?.relief?.action;
    if (!reaction || !action) throw new Error('Nothing was decided.');
    const { nowIso } = relieving.reconciling;
    const rejected = rejectedNow(head, action, reaction.sequence, nowIso);
    const known = { ...reaction, relief: { ...NO_RELIEF, rejected } };

    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 48 }),
        fc.integer({ min: 4, max: 20 }),
        fc.constantFrom('scaleOut' as const, 'scaleIn' as const),
        fc.integer({ min: 0, max: 2 }),
        fc.boolean(),
        (hours, wantedAddresses, decision, moreAlerts, isSameSpec) => {
          const found = rejectionOf(
            isSameSpec ? head : { ...head, specVersion: head.specVersion + 1 },
            { ...known, sequence: reaction.sequence + moreAlerts },
            {
              decision,
              change: { fromAddresses: 3, toAddresses: 4, value: { count: 4, detached: [], reserved: [] } },
              figures: { addresses: 3, ownAddresses: 3, instances: 2, availablePorts: 7_488, wantedAddresses },
            },
            new Date(Date.parse(nowIso) + hours * HOUR_MS).toISOString(),
          );

          const isMeant = decision === 'scaleOut' && wantedAddresses <= 5 && moreAlerts === 0 && isSameSpec;
          expect(found).toBe(isMeant && hours < 24 ? rejected : undefined);
        },
      ),
    );
  });
});
