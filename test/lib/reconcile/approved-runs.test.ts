import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { type Approval, withGeneration, withWaitingResumed } from '../../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const SECURITY_GROUP = `${GROUP}-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a`;
const HOUR_SECONDS = 3_600;
/** The workspace waits for an approval, and so does whatever is wrong in the spoke. */
const ASKS = {
  mode: 'act',
  policies: [
    { kind: 'logAnalyticsWorkspace', policy: 'approve' },
    { scope: 'spoke:a', policy: 'approve' },
  ],
};

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
});

async function provisioned(more: JsonObject): Promise<void> {
  const id = await reconciling.put(smallSpec(NAME, ['a'], { tags: { owner: 'net' }, ...more }), 'ann');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
}

/** Somebody keeps the logs for so many days. */
function retain(days: number): void {
  const { id: _, ...body } = dependencies.arm.body(WORKSPACE) ?? {};
  const properties = { ...(body.properties as JsonObject), retentionInDays: days };
  dependencies.arm.put(WORKSPACE, { ...body, properties });
}

function retag(id: string): void {
  dependencies.arm.put(id, { ...dependencies.arm.body(id), tags: { owner: 'me' } });
}

function days(): unknown {
  const { properties } = dependencies.arm.body(WORKSPACE) ?? {};
  return (properties as JsonObject).retentionInDays;
}

const tagsOf = (id: string) => dependencies.arm.body(id)?.tags;
const writesOf = (id: string) => dependencies.arm.writes.filter((one) => one === `PUT ${id}`).length;

async function scan(): Promise<string> {
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return id;
}

/** As the reconciler's timer does for a run whose wait is over. */
async function wake(): Promise<void> {
  await reconciling.change((head) => withWaitingResumed(head, 'hubkeeper', reconciling.nowIso).head);
  await reconciling.settle();
}

async function open(): Promise<readonly Approval[]> {
  return (await reconciling.head()).approvals.filter(({ decision }) => decision === undefined);
}

async function decide(decision: 'approve' | 'reject' = 'approve'): Promise<void> {
  const [asked] = await open();
  if (asked === undefined) throw new Error('Nobody is asked for an approval.');
  await reconciling.change((head) => {
    const decided = decideApproval(head, {
      planHash: asked.planHash,
      decision,
      user: 'bob',
      selfApproval: false,
      nowIso: reconciling.nowIso,
    });
    if ('code' in decided) throw new Error(decided.code);
    return decided.head;
  });
}

async function hold(hours: number, scope?: string): Promise<void> {
  const until = new Date(Date.parse(reconciling.nowIso) + hours * HOUR_SECONDS * 1_000).toISOString();
  const held = { owner: 'inc', reason: 'incident', until, since: reconciling.nowIso, by: 'inc' };
  await reconciling.change((head) =>
    withGeneration({ ...head, hold: scope === undefined ? held : { ...held, scope } }),
  );
}

async function linesOf(decision: string): Promise<readonly string[]> {
  const { entries } = await dependencies.journal.read({ baseline: NAME });
  return entries.filter((line) => line.decision === decision).map(({ reason }) => reason);
}

describe('an approval', () => {
  /** Something that waits for the end of a hold keeps the operation, and what was approved in it, alive. */
  async function waitingBesides(): Promise<void> {
    await provisioned({ drift: ASKS });
    await hold(48, 'spoke:a');
    retag(SECURITY_GROUP);
  }

  /** Somebody changes it once more; what is changed back again and again rests for seconds before it is taken up. */
  async function changedBack(): Promise<void> {
    retain(7);
    await scan();
    reconciling.pass(10);
    await wake();
  }

  it('is for one time: the same change is asked about again each time that somebody makes it necessary', async () => {
    await waitingBesides();
    const operations = new Set<string>();
    const before = writesOf(WORKSPACE);
    for (let times = 1; times <= 2; times++) {
      await changedBack();
      expect(await open()).toHaveLength(1);
      expect(days()).toBe(7);

      await decide();
      await reconciling.settle();
      operations.add((await reconciling.head()).currentOperationId ?? '');
      expect(days()).toBe(30);
      expect(writesOf(WORKSPACE)).toBe(before + times);
    }
    await changedBack();

    expect([...operations]).toHaveLength(1);
    expect(await reconciling.run([...operations][0] ?? '')).toMatchObject({ state: 'waiting' });
    expect(await open()).toHaveLength(1);
    expect(days()).toBe(7);
  });

  it('does not go past the stop of a contest with another writer', async () => {
    await waitingBesides();
    for (let times = 0; times < 3; times++) {
      await changedBack();
      await decide();
      await reconciling.settle();
      expect(days()).toBe(30);
    }
    retain(7);
    await scan();

    expect(days()).toBe(7);
    expect(await open()).toEqual([]);
    expect(await linesOf('writer conflict')).toHaveLength(1);
    expect((await dependencies.drift.read(NAME))?.drifts).toContainEqual(
      expect.objectContaining({ id: WORKSPACE, code: 'WriterConflict' }),
    );
  });

  it.each(['before', 'after'] as const)(
    'is asked for anew where what it is about has moved %s it was given',
    async (when) => {
      await waitingBesides();
      await hold(48);
      retain(7);
      await scan();
      await hold(0);
      await wake();
      await hold(48);
      if (when === 'before') retain(8);
      await decide();
      if (when === 'after') {
        await reconciling.settle();
        retain(8);
      }
      await hold(0);
      await wake();

      expect(days()).toBe(8);
      expect(await open()).toHaveLength(1);
    },
  );

  it.each([
    ['approve', 30, 'succeeded', []],
    ['reject', 7, 'partial', [{ id: WORKSPACE, code: 'ApprovalRejected' }]],
  ] as const)('that comes while the same is planned anew is not lost: %s', async (decision, left, state, refused) => {
    await provisioned({ drift: ASKS });
    retain(7);
    const waiting = await scan();
    const [asked] = await open();
    const { arm } = dependencies;
    const { list } = arm;
    arm.list = async (path) => {
      arm.list = list;
      await decide(decision);
      return list.call(arm, path);
    };
    await scan();

    expect(asked).toMatchObject({ operationId: waiting });
    expect(await reconciling.run(waiting)).toMatchObject({ state, refused });
    expect(await reconciling.head()).toMatchObject({ approvals: [], currentOperationId: null });
    expect(days()).toBe(left);
    await scan();
    expect(await open()).toEqual([]);
    expect(days()).toBe(left);
  });

  it('does not come back with a state that had been another one meanwhile', async () => {
    await waitingBesides();
    retain(7);
    await scan();
    await hold(48);
    await decide();
    await reconciling.settle();
    for (const value of [8, 7]) {
      retain(value);
      await scan();
    }
    await hold(0);
    await wake();

    expect(days()).toBe(7);
    expect(await open()).toHaveLength(1);
    await decide();
    await reconciling.settle();
    expect(days()).toBe(30);
  });
});

describe('an approval whose time is over before it could be used', () => {
  const approvals = { expiresAfterHours: 2 };

  async function expectAskedAnew(before: number): Promise<void> {
    expect(await open()).toHaveLength(1);
    expect((await open())[0]?.expiresAt.localeCompare(reconciling.nowIso)).toBe(1);
    expect(days()).toBe(7);
    expect(writesOf(WORKSPACE)).toBe(before);
    expect(await linesOf('approval lapsed')).toEqual([expect.stringMatching(/^The approval of bob .* ended at /)]);
    await decide();
    await reconciling.settle();
    expect(days()).toBe(30);
    expect((await reconciling.head()).currentOperationId).toBeNull();
  }

  it.each(['hold', 'pause'] as const)('in a %s is asked for anew when that ends, and told', async (what) => {
    await provisioned({ drift: ASKS, approvals });
    const before = writesOf(WORKSPACE);
    retain(7);
    await scan();
    if (what === 'hold') await hold(2.5);
    else await dependencies.baselines.changePause(true, 'eve', 'incident', reconciling.nowIso);
    const [asked] = await open();
    await decide();
    await reconciling.settle();
    expect(days()).toBe(7);
    await dependencies.baselines.changePause(false, 'eve', '', reconciling.nowIso);
    reconciling.pass(3 * HOUR_SECONDS);
    await wake();

    expect((await open())[0]?.planHash).toBe(asked?.planHash);
    await expectAskedAnew(before);
  });

  it('since the change window closed is asked for anew in the next one', async () => {
    // Asked for at 08:00 on a Monday, when the window is open, and given after it has closed.
    const changeWindows = [{ days: ['Monday', 'Tuesday'], start: '08:00', durationMinutes: 60, appliesTo: 'all' }];
    await provisioned({ drift: ASKS, approvals, changeWindows });
    const before = writesOf(WORKSPACE);
    retain(7);
    await scan();
    reconciling.pass(1.5 * HOUR_SECONDS);
    await decide();
    await reconciling.settle();
    expect(days()).toBe(7);
    reconciling.pass(22.6 * HOUR_SECONDS);
    await wake();

    await expectAskedAnew(before);
  });

  it('asks nobody about what was done before', async () => {
    await provisioned({ drift: ASKS, approvals });
    retain(7);
    await scan();
    await decide();
    await reconciling.settle();
    reconciling.pass(3 * HOUR_SECONDS);
    await scan();

    expect(days()).toBe(30);
    expect(await linesOf('approval lapsed')).toEqual([]);
  });
});

describe('a budget', () => {
  it('counts each time that the same drift is put right, in a run that goes on as well', async () => {
    await provisioned({
      budgets: { perRun: 2, perDay: 2 },
      drift: { mode: 'act', policies: [{ scope: 'spoke:a', policy: 'approve' }] },
    });
    retag(SECURITY_GROUP);
    await scan();
    const before = writesOf(WORKSPACE);
    for (let times = 0; times < 3; times++) {
      retain(7);
      reconciling.pass(30);
      await scan();
      reconciling.pass(30);
      await wake();
    }

    expect(writesOf(WORKSPACE)).toBe(before + 2);
    expect(days()).toBe(7);
    expect(tagsOf(SECURITY_GROUP)).toEqual({ owner: 'me' });
    const { currentOperationId } = await reconciling.head();
    expect((await reconciling.run(currentOperationId ?? '')).rows[WORKSPACE]?.waiting).toMatchObject({
      for: 'budget',
      budget: 'day',
    });
  });
});
