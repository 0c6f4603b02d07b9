import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { calledOffAfter, versionOf } from '../../../lib/reconcile/called-off.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { type ReconcileRequest, withGeneration, withWaitingResumed } from '../../../lib/state/baseline-head.ts';
import type { RunDocument } from '../../../lib/state/run.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'north';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-north`;
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const GROUP_OF_B = `${GROUP}-b`;
const DRIFT = { mode: 'act' };
const BEFORE: JsonObject = { drift: DRIFT, tags: { owner: 'net' } };
const AFTER: JsonObject = { drift: DRIFT, tags: { owner: 'ops' } };
const HOLD = { owner: 'eve', reason: 'incident', scope: 'hub', since: '2026-06-01T00:00:00.000Z', by: 'eve' };

let dependencies: ReturnType<typeof memoryDependencies>;
let reconciling: Reconciling;

beforeEach(async () => {
  dependencies = memoryDependencies();
  reconciling = new Reconciling(dependencies, NAME);
  await reconciling.put(smallSpec(NAME, ['a'], BEFORE), 'ann');
  await reconciling.settle();
});

/** Ann wants another spoke and other tags. @returns the operation. */
const wantsMore = () => reconciling.put(smallSpec(NAME, ['a', 'b'], AFTER), 'ann');

async function stop(id: string): Promise<void> {
  await reconciling.change((head) => {
    const stopped = stopOperation(head, id, 'ann', reconciling.nowIso);
    if (stopped.outcome === 'notLive') throw new Error(`${id} is not live.`);
    return stopped.head;
  });
  await reconciling.settle();
}

/** Bob says no to the one plan that waits. */
async function rejectOnly(): Promise<void> {
  await reconciling.change((head) => {
    const planHash = head.approvals[0]?.planHash ?? '';
    const { nowIso } = reconciling;
    const decided = decideApproval(head, { planHash, decision: 'reject', user: 'bob', selfApproval: false, nowIso });
    if ('code' in decided) throw new Error(decided.code);
    return decided.head;
  });
}

async function scan(): Promise<string> {
  reconciling.pass(3_600);
  const id = await reconciling.record('drift', 'hubkeeper');
  await reconciling.settle();
  return id;
}

/** Somebody keeps the logs for so many days. */
function retain(days: number): void {
  const { id: _, ...body } = dependencies.arm.body(WORKSPACE) ?? {};
  const properties = { ...(body.properties as JsonObject), retentionInDays: days };
  dependencies.arm.put(WORKSPACE, { ...body, properties });
}

const workspace = () => dependencies.arm.body(WORKSPACE);

describe('a spec whose operation somebody has stopped', () => {
  it.each<readonly [string, () => Promise<void>]>([
    ['before it began', async () => stop(await wantsMore())],
    [
      'while it waited',
      async () => {
        await dependencies.baselines.changePause(true, 'eve', 'incident', reconciling.nowIso);
        const id = await wantsMore();
        await reconciling.settle();
        await stop(id);
        await dependencies.baselines.changePause(false, 'eve', '', reconciling.nowIso);
      },
    ],
  ])('%s stays as it is, scan after scan, and what somebody changes behind it is put right', async (_, stopIt) => {
    await stopIt();
    retain(7);
    const first = await scan();
    const second = await scan();

    expect(dependencies.arm.body(GROUP_OF_B)).toBeUndefined();
    expect(workspace()).toMatchObject({ tags: { owner: 'net' }, properties: { retentionInDays: 30 } });
    const { entries } = await dependencies.journal.read({ baseline: NAME, operation: first });
    expect(entries.map(({ decision, resource }) => [decision, resource])).toEqual(
      expect.arrayContaining([
        ['drift found', WORKSPACE],
        ['updated', WORKSPACE],
        ['refused', GROUP_OF_B],
      ]),
    );
    const third = await scan();
    for (const id of [first, second, third])
      expect((await reconciling.run(id)).refused).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ id: GROUP_OF_B, code: 'SpecCalledOff' }),
          expect.objectContaining({ id: WORKSPACE, code: 'SpecCalledOff', why: expect.stringContaining('tags.owner') }),
        ]),
      );
    expect(await reconciling.run(third)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.head()).toMatchObject({ appliedSpecVersion: 1, calledOff: { specVersion: 2 } });
  });

  it('is guarded in what was made of it already, and nothing else of it is made', async () => {
    const id = await wantsMore();
    reconciling.pass(1);
    await reconciling.settle(async () => dependencies.arm.body(GROUP_OF_B) !== undefined);
    await reconciling.turn();
    await stop(id);
    const world = () => dependencies.arm.writes.length;
    const made = dependencies.arm.body(GROUP_OF_B);
    dependencies.arm.put(GROUP_OF_B, { ...made, tags: { owner: 'me' } });
    const writes = world();
    await scan();

    expect(dependencies.arm.body(GROUP_OF_B)).toMatchObject({ tags: { owner: 'ops' } });
    expect(world()).toBe(writes + 1);
  });

  it.each<readonly [string, () => Promise<unknown>]>([
    ['reconciles', () => reconciling.record('reconcile', 'carol')],
    ['puts it again', wantsMore],
    [
      'puts another one',
      () => reconciling.put(smallSpec(NAME, ['a', 'b'], { ...AFTER, budgets: { perRun: 9 } }), 'carol'),
    ],
  ])('is brought about when somebody %s', async (_, ask) => {
    await stop(await wantsMore());
    await ask();
    await reconciling.settle();

    expect(dependencies.arm.body(GROUP_OF_B)).toMatchObject({ tags: { owner: 'ops' } });
    expect(workspace()).toMatchObject({ tags: { owner: 'ops' } });
    expect((await reconciling.head()).calledOff).toBeUndefined();
  });

  it('stays so for the rest when somebody reconciles a part', async () => {
    await stop(await wantsMore());
    await reconciling.record('reconcile', 'carol', { scope: 'hub' });
    await reconciling.settle();
    await scan();

    expect(workspace()).toMatchObject({ tags: { owner: 'ops' } });
    expect(dependencies.arm.body(GROUP_OF_B)).toBeUndefined();
  });
});

describe('an adjustment under a spec that somebody has called off', () => {
  const GROUP_OF_A = `${GROUP}-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a`;
  const RULE = { name: 'AllowPartner', priority: 200, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' };
  const named = (id: string) =>
    (
      (dependencies.arm.body(id)?.properties ?? {}) as { securityRules?: readonly { name: string }[] }
    ).securityRules?.map(({ name }) => name);

  async function adjust(target: string, scope: string): Promise<string> {
    const since = reconciling.nowIso;
    const until = new Date(Date.parse(since) + 3_600_000).toISOString();
    const wanted = {
      id: 'partner',
      kind: 'networkSecurityRule',
      scope,
      target,
      value: RULE,
      reason: 'INC-1',
      since,
      until,
    };
    const id = await reconciling.record('adjustment', 'ann', { scope }, (head) =>
      withGeneration({ ...head, adjustments: [{ ...wanted, by: 'ann' }] }),
    );
    await reconciling.settle();
    return id;
  }

  it('is made and ended where its resource is there, and nothing else of the spec is', async () => {
    await stop(await wantsMore());
    const made = await reconciling.run(await adjust(GROUP_OF_A, 'spoke:a'));

    expect(made.state).toBe('partial');
    expect(named(GROUP_OF_A)).toContain('AllowPartner');
    expect(dependencies.arm.body(GROUP_OF_A)).toMatchObject({ tags: { owner: 'net' } });
    reconciling.pass(3_600);
    await scan();
    expect(named(GROUP_OF_A)).not.toContain('AllowPartner');
  });

  it('is left with a resource that the spec is yet to bring', async () => {
    await stop(await wantsMore());
    const target = GROUP_OF_A.replace('-a/', '-b/').replace('spoke-a', 'spoke-b');
    const run = await reconciling.run(await adjust(target, 'spoke:b'));

    expect(dependencies.arm.body(target)).toBeUndefined();
    expect(run.refused).toContainEqual(expect.objectContaining({ id: target, code: 'SpecCalledOff' }));
  });
});

describe('what is called off', () => {
  const AT = '2026-06-02T08:00:00.000Z';
  const EARLIER = '2026-06-01T08:00:00.000Z';
  const LATER = '2026-06-03T08:00:00.000Z';
  const head = { specVersion: 2, appliedSpecVersion: 1, approvals: [], requests: [] };
  const run = {
    ...{ operationId: 'north-2', attended: true, teardown: false, specVersion: 2, createdAt: EARLIER },
    ...{ state: 'stopped', stopping: true },
  };
  const marked = (over: object, of: object = {}) =>
    calledOffAfter({ ...head, ...of }, { ...run, ...over } as unknown as RunDocument, LATER);
  const mark = { specVersion: 2, operationId: 'north-2', end: 'rejected', at: AT } as const;
  const asking = { operationId: 'north-3', stopping: false, createdAt: LATER };

  it('is said again, stays through what nobody asked for and what is for a part, and ends with a person’s run', () => {
    expect(marked({})).toEqual({ ...mark, end: 'stopped', at: LATER });
    expect(marked({ state: 'partial' }, { calledOff: mark })).toEqual(mark);
    expect(marked({ ...asking, attended: false }, { calledOff: mark })).toEqual(mark);
    expect(marked({ ...asking, scope: 'hub' }, { calledOff: mark })).toEqual(mark);
    expect(marked({ ...asking, state: 'running' }, { calledOff: mark })).toBeUndefined();
  });

  it('stays through a person’s run that was asked for before, whatever becomes of that', () => {
    const states = fc.constantFrom('running', 'waiting', 'succeeded', 'partial', 'failed', 'stopped');
    fc.assert(
      fc.property(states, fc.boolean(), fc.constantFrom(EARLIER, AT, LATER), (state, stopping, createdAt) => {
        const after = marked({ operationId: 'north-1', state, stopping, createdAt }, { calledOff: mark });

        if (createdAt !== LATER) expect(after).toEqual(mark);
        else expect(after?.operationId).toBe(stopping ? 'north-1' : undefined);
      }),
    );
  });

  it('is so from when it was said, not from when its run came to its end', () => {
    const stop = { operationId: 'north-2', trigger: 'resume', requestedBy: 'ann', at: AT };
    const rejection = { operationId: 'north-2', decision: 'reject', decidedAt: AT };

    expect(marked({ state: 'running' }, { requests: [stop] })).toEqual({ ...mark, end: 'stopped' });
    expect(marked({ state: 'partial', stopping: false }, { approvals: [rejection] })).toEqual(mark);
    expect(marked({ state: 'running', stopping: false }, { approvals: [rejection] })).toBeUndefined();
  });

  it('is nothing of a part, of a teardown, of another version, or of what was brought about', () => {
    expect(marked({ scope: 'hub' })).toBeUndefined();
    expect(marked({ teardown: true })).toBeUndefined();
    expect(marked({ specVersion: 1 })).toBeUndefined();
    expect(marked({}, { appliedSpecVersion: 2, calledOff: mark })).toBeUndefined();
    expect(marked({ attended: false }, { specVersion: 3, calledOff: mark })).toBeUndefined();
  });

  it('brings a person’s run no further than what was in force when it was asked for', () => {
    const history = [3, 2, 1].map((version) => ({
      version,
      hash: '',
      by: 'ann',
      at: `2026-06-0${version}T00:00:00.000Z`,
    }));
    const calledOff = { ...mark, specVersion: 3, at: '2026-06-03T12:00:00.000Z' };
    const of = (createdAt: string, more: object = {}) =>
      versionOf({ specVersion: 3, appliedSpecVersion: 1, history, calledOff, ...more }, { createdAt, specVersion: 3 });

    expect([of('2026-06-02T00:00:00.000Z'), of('2026-06-01T12:00:00.000Z'), of('2026-05-31T00:00:00.000Z')]).toEqual([
      2, 1, 1,
    ]);
    // Asked for with the spec itself, before that was called off.
    expect(of('2026-06-03T06:00:00.000Z')).toBe(2);
    expect(of('2026-06-03T18:00:00.000Z')).toBe(3);
    expect(of('2026-06-02T00:00:00.000Z', { calledOff: undefined })).toBe(3);
  });
});

describe('a spec that somebody puts and stops while a run for an earlier one is there', () => {
  const GROUP_OF_C = `${GROUP}-c`;
  const MORE: JsonObject = { drift: DRIFT, tags: { owner: 'sec' } };
  const isThere = (id: string) => dependencies.arm.body(id) !== undefined;

  /** Ann wants still more, and stops it before anybody has taken it up. */
  async function putAndStop(): Promise<void> {
    const id = await reconciling.put(smallSpec(NAME, ['a', 'b', 'c'], MORE), 'ann');
    await reconciling.change((head) => {
      const stopped = stopOperation(head, id, 'ann', reconciling.nowIso);
      if (stopped.outcome !== 'withdrawn') throw new Error(`${id} has begun.`);
      return stopped.head;
    });
  }

  async function underWay(ask: () => Promise<string>): Promise<string> {
    const id = await ask();
    await reconciling.settle(({ next }) => next === 'start');
    return id;
  }

  it('is not made by that run, which makes all the rest of its own', async () => {
    const id = await underWay(wantsMore);
    await putAndStop();
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(isThere(GROUP_OF_B)).toBe(true);
    expect(isThere(GROUP_OF_C)).toBe(false);
    for (const one of [GROUP, `${GROUP}-a`, GROUP_OF_B, WORKSPACE])
      expect(dependencies.arm.body(one)?.tags).not.toEqual({ owner: 'sec' });
    expect(await reconciling.head()).toMatchObject({ calledOff: { specVersion: 3 }, appliedSpecVersion: 2 });
    const { entries } = await dependencies.journal.read({ baseline: NAME });
    expect(entries.filter(({ decision }) => decision === 'drift found')).toEqual([]);

    retain(7);
    dependencies.arm.put(GROUP_OF_B, { ...dependencies.arm.body(GROUP_OF_B), tags: { owner: 'me' } });
    await scan();
    expect(workspace()).toMatchObject({ properties: { retentionInDays: 30 } });
    expect(isThere(GROUP_OF_C)).toBe(false);
  });

  it('is not made in a part either by a run for that', async () => {
    await stop(await wantsMore());
    await reconciling.change((head) => ({ ...head, hold: { ...HOLD, until: '2027-01-01T00:00:00.000Z' } }));
    const id = await reconciling.record('reconcile', 'bob', { scope: 'hub' });
    await reconciling.settle();
    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    await putAndStop();
    await reconciling.change((head) => withWaitingResumed({ ...head, hold: null }, 'bob', reconciling.nowIso).head);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(workspace()).toMatchObject({ tags: { owner: 'net' } });
  });

  it.each<readonly [string, Partial<ReconcileRequest>]>([
    ['all of it', {}],
    ['a part of it', { scope: 'spoke:c' }],
  ])('is made when somebody asks anew for %s while that run is under way', async (_, request) => {
    const id = await underWay(wantsMore);
    await putAndStop();
    const asking = await reconciling.record('reconcile', 'carol', request);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.run(asking)).toMatchObject({ state: 'succeeded', requestedBy: 'carol' });
    expect((await reconciling.run(asking)).joinedTo).toBeUndefined();
    expect(isThere(GROUP_OF_C)).toBe(true);
    const { calledOff, appliedSpecVersion } = await reconciling.head();
    expect([calledOff?.specVersion, appliedSpecVersion]).toEqual(request.scope === undefined ? [undefined, 3] : [3, 2]);
  });
});

describe('whoever asks anew for what somebody is calling off', () => {
  it.each<readonly [string, 'before' | 'after', boolean]>([
    ['before the stop is not heard', 'before', false],
    ['after the stop has it made', 'after', true],
  ])('%s', async (_, when, isMade) => {
    const id = await wantsMore();
    await reconciling.settle(({ next }) => next === 'start');
    const ask = () => reconciling.record('reconcile', 'carol');
    const first = when === 'before' ? await ask() : undefined;
    await reconciling.change((head) => {
      const stopped = stopOperation(head, id, 'ann', reconciling.nowIso);
      if (stopped.outcome !== 'stopping') throw new Error(`${id} is not live.`);
      return stopped.head;
    });
    const asking = first ?? (await ask());
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'stopped' });
    expect((await reconciling.run(asking)).joinedTo).toBeUndefined();
    expect(workspace()?.tags).toEqual({ owner: isMade ? 'ops' : 'net' });
    expect((await reconciling.head()).calledOff?.specVersion).toBe(isMade ? undefined : 2);
  });

  it('after a rejection is answered by a request for approval of its own', async () => {
    const approvals = { requiredFor: 'all' };
    const id = await reconciling.put(smallSpec(NAME, ['a', 'b'], { ...AFTER, approvals }), 'ann');
    await reconciling.settle();
    await rejectOnly();
    const asking = await reconciling.record('reconcile', 'carol');
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'stopped', supersededBy: asking });
    expect(await reconciling.run(asking)).toMatchObject({ state: 'waiting' });
    expect((await reconciling.head()).approvals).toEqual([expect.objectContaining({ operationId: asking })]);
    expect((await reconciling.head()).approvals[0]?.decision).toBeUndefined();
  });
});

describe('a spec whose plan somebody has rejected', () => {
  it('stays as it is until somebody reconciles', async () => {
    const approvals = { requiredFor: 'all' };
    await reconciling.put(smallSpec(NAME, ['a', 'b'], { ...AFTER, approvals }), 'ann');
    await reconciling.settle();
    await rejectOnly();
    await reconciling.settle();
    const run = await reconciling.run(await scan());

    expect(dependencies.arm.body(GROUP_OF_B)).toBeUndefined();
    expect(workspace()).toMatchObject({ tags: { owner: 'net' } });
    expect(run.refused).toContainEqual(
      expect.objectContaining({ id: GROUP_OF_B, code: 'SpecCalledOff', why: expect.stringContaining('rejected') }),
    );
  });
});
