import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import { calledOffAfter } from '../../../lib/reconcile/called-off.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { withGeneration } from '../../../lib/state/baseline-head.ts';
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
  const head = { specVersion: 2, appliedSpecVersion: 1, approvals: [] };
  const run = { operationId: 'north-2', attended: true, teardown: false, specVersion: 2, state: 'stopped' };
  const marked = (over: object, of: object = {}) =>
    calledOffAfter({ ...head, ...of }, { ...run, ...over } as unknown as RunDocument);
  const mark = { specVersion: 2, operationId: 'north-2', end: 'rejected' } as const;

  it('is said again, stays through what nobody asked for and what is for a part, and ends with a person’s run', () => {
    expect(marked({})).toMatchObject({ specVersion: 2, end: 'stopped' });
    expect(marked({ state: 'partial' }, { calledOff: mark })).toEqual(mark);
    expect(marked({ operationId: 'north-3', attended: false }, { calledOff: mark })).toEqual(mark);
    expect(marked({ operationId: 'north-3', scope: 'hub' }, { calledOff: mark })).toEqual(mark);
    expect(marked({ operationId: 'north-3', state: 'running' }, { calledOff: mark })).toBeUndefined();
  });

  it('is nothing of a part, of a teardown, of another version, or of what was brought about', () => {
    expect(marked({ scope: 'hub' })).toBeUndefined();
    expect(marked({ teardown: true })).toBeUndefined();
    expect(marked({ specVersion: 1 })).toBeUndefined();
    expect(marked({}, { appliedSpecVersion: 2, calledOff: mark })).toBeUndefined();
    expect(marked({ attended: false }, { specVersion: 3, calledOff: mark })).toBeUndefined();
  });
});

describe('a spec whose plan somebody has rejected', () => {
  it('stays as it is until somebody reconciles', async () => {
    const approvals = { requiredFor: 'all' };
    await reconciling.put(smallSpec(NAME, ['a', 'b'], { ...AFTER, approvals }), 'ann');
    await reconciling.settle();
    await reconciling.change((head) => {
      const decided = decideApproval(head, {
        planHash: head.approvals[0]?.planHash ?? '',
        decision: 'reject',
        user: 'bob',
        selfApproval: false,
        nowIso: reconciling.nowIso,
      });
      if ('code' in decided) throw new Error(decided.code);
      return decided.head;
    });
    await reconciling.settle();
    const run = await reconciling.run(await scan());

    expect(dependencies.arm.body(GROUP_OF_B)).toBeUndefined();
    expect(workspace()).toMatchObject({ tags: { owner: 'net' } });
    expect(run.refused).toContainEqual(
      expect.objectContaining({ id: GROUP_OF_B, code: 'SpecCalledOff', why: expect.stringContaining('rejected') }),
    );
  });
});
