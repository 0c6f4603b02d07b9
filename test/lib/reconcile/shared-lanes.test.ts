import { describe, expect, it } from '@jest/globals';
import { sharedLanesOf, takeSharedLanes } from '../../../lib/reconcile/shared-lanes.ts';
import type { LaneHolder } from '../../../lib/state/shared-lane-store.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';

const ZONE = '/subscriptions/s/resourceGroups/g/providers/microsoft.network/privatednszones/z';
const LANE = `privatednszone:${ZONE}`;
const LINK = `${ZONE}/virtualnetworklinks/one`;
const OTHER_LINK = `${ZONE}/virtualnetworklinks/two`;
const URL = 'https://management.azure.com/operations/1';
const AT = '2026-06-01T12:00:00.000Z';
const SOON = '2026-06-01T12:05:00.000Z';
const LATE = '2026-06-01T13:00:00.000Z';

function wanted(over: Partial<LaneHolder> = {}): Omit<LaneHolder, 'lane'> {
  return {
    baseline: 'north',
    operationId: 'north-1',
    resource: LINK,
    apiVersion: '1',
    action: 'put',
    since: SOON,
    ...over,
  };
}

/** Who holds the lane after `north` wanted it, and what Azure was asked. */
async function tried(
  holder: Partial<LaneHolder>,
  azure: (arm: ReturnType<typeof memoryDependencies>['arm']) => void = () => {},
  over: Partial<LaneHolder> = {},
) {
  const dependencies = memoryDependencies();
  const { handle, ...row } = holder;
  const held = await dependencies.lanes.take({
    ...wanted({ baseline: 'south', resource: OTHER_LINK, since: AT }),
    ...row,
    lane: LANE,
  });
  if (handle !== undefined) await dependencies.lanes.note(held, handle);
  azure(dependencies.arm);
  const taken = await takeSharedLanes(dependencies, [LANE], wanted(over));
  const now = await dependencies.lanes.read(LANE);
  return {
    isTaken: 'held' in taken,
    by: now?.holder.baseline,
    of: now?.holder.resource,
    asked: dependencies.arm.requests,
  };
}

const byUrl = { handle: { by: 'asyncOperation', url: URL } } as const;

describe('sharedLanesOf', () => {
  it('is decided by what a lane is of, whoever made it', () => {
    const network = '/subscriptions/s/network';
    const lanes = [
      LANE,
      'firewallpolicy:/p',
      'ddosprotectionplan:/d',
      `virtualnetwork:${network}`,
      'publicipprefix:/x',
    ];

    expect(sharedLanesOf([{ lanes }], [{ id: network, presence: 'create' }], [])).toEqual([
      'ddosprotectionplan:/d',
      'firewallpolicy:/p',
      LANE,
    ]);
    expect(sharedLanesOf([{ lanes }], [{ id: network, presence: 'adopt' }], [])).toContain(`virtualnetwork:${network}`);
    // Nothing is declared in a teardown: then the ledger tells whose it is.
    expect(sharedLanesOf([{ lanes }], [], [{ id: network, created: false }])).toContain(`virtualnetwork:${network}`);
    expect(sharedLanesOf([], [{ id: network, presence: 'adopt' }], [])).toEqual([]);
  });
});

describe('a lane that another baseline holds', () => {
  it('is taken over when its operation has ended, well or not', async () => {
    for (const status of ['Succeeded', 'Failed', 'Canceled']) {
      const { isTaken, by } = await tried(byUrl, (arm) => arm.answerOnce('GET', URL, 200, { status }));
      expect([status, isTaken, by]).toEqual([status, true, 'north']);
    }
  });

  it('is not taken over when its operation goes on, or when nothing is said about it', async () => {
    const going = await tried(byUrl, (arm) => arm.answerOnce('GET', URL, 200, { status: 'Running' }), { since: LATE });
    expect([going.isTaken, going.by]).toEqual([false, 'south']);
    for (const status of [401, 403, 400, 429, 500]) {
      const { isTaken, by } = await tried(
        byUrl,
        (arm) => {
          arm.answerOnce('GET', URL, status, { error: { code: 'AuthorizationFailed', message: 'No.' } });
          arm.answerOnce('GET', OTHER_LINK, status);
        },
        { since: LATE },
      );
      expect([status, isTaken, by]).toEqual([status, false, 'south']);
    }
  });

  it('is left to a holder that may be about to write, and looked up when that time is over', async () => {
    expect((await tried({})).isTaken).toBe(false);
    const never = await tried({}, () => {}, { since: LATE });
    expect(never.isTaken).toBe(true);
    const forbidden = await tried({}, (arm) => arm.answerOnce('GET', OTHER_LINK, 403), { since: LATE });
    expect(forbidden.isTaken).toBe(false);
    const underWay = await tried({}, (arm) => arm.put(OTHER_LINK, { properties: { provisioningState: 'Updating' } }), {
      since: LATE,
    });
    expect(underWay.isTaken).toBe(false);
    const over = await tried({}, (arm) => arm.put(OTHER_LINK, { properties: { provisioningState: 'Succeeded' } }), {
      since: LATE,
    });
    expect(over.isTaken).toBe(true);
  });

  it('is free again when a delete never came, and not while one that Azure took goes on', async () => {
    const stillThere = (arm: ReturnType<typeof memoryDependencies>['arm']) =>
      arm.put(OTHER_LINK, { properties: { provisioningState: 'Succeeded' } });
    expect((await tried({ action: 'delete' }, stillThere, { since: LATE })).isTaken).toBe(true);
    const noted = { action: 'delete', handle: { by: 'resource', expect: 'absent' } } as const;
    expect((await tried(noted, stillThere, { since: LATE })).isTaken).toBe(false);
    expect((await tried(noted, () => {}, { since: LATE })).isTaken).toBe(true);
  });
});

describe('a lane that the baseline itself holds', () => {
  it('is used by a later start of the same write at once', async () => {
    const { isTaken, asked } = await tried({ baseline: 'north', resource: LINK });
    expect([isTaken, asked]).toEqual([true, []]);
  });

  it('for another resource is taken over only when that write has ended', async () => {
    const left = { baseline: 'north', resource: OTHER_LINK, ...byUrl };
    const going = await tried(left, (arm) => arm.answerOnce('GET', URL, 200, { status: 'Running' }));
    expect([going.isTaken, going.of]).toEqual([false, OTHER_LINK]);
    const over = await tried(left, (arm) => arm.answerOnce('GET', URL, 200, { status: 'Succeeded' }));
    expect([over.isTaken, over.of]).toEqual([true, LINK]);
    // Left by a start that died before it wrote: nobody waits for that.
    expect((await tried({ baseline: 'north', resource: OTHER_LINK })).isTaken).toBe(true);
  });
});
