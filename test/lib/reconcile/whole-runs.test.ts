import { beforeEach, describe, expect, it } from '@jest/globals';
import { conclude } from '../../../lib/reconcile/conclude.ts';
import { type ApprovalDecision, decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import { stopOperation } from '../../../lib/reconcile/stop-operation.ts';
import { withGeneration, withReconciler, withResumed } from '../../../lib/state/baseline-head.ts';
import type { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const NAME = 'base';
let dependencies: ReturnType<typeof memoryDependencies>;
let arm: FakeAzure;
let reconciling: Reconciling;

beforeEach(() => {
  dependencies = memoryDependencies();
  arm = dependencies.arm;
  reconciling = new Reconciling(dependencies, NAME);
});

async function provisioned(spokes: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const id = await reconciling.put(smallSpec(NAME, spokes, more), 'first');
  await reconciling.settle();
  expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
}

function teardown(by: string): Promise<string> {
  return reconciling.record('delete', by, {}, (head) => withGeneration({ ...head, teardown: true }));
}

async function decide(user: string, decision: Partial<ApprovalDecision> = {}): Promise<string> {
  const head = await reconciling.head();
  const planHash = head.approvals.find((one) => one.operationId === head.currentOperationId)?.planHash ?? '';
  const decided = decideApproval(head, {
    planHash,
    decision: 'approve',
    user,
    selfApproval: false,
    nowIso: reconciling.nowIso,
    ...decision,
  });
  if ('code' in decided) return decided.code;
  await reconciling.change(() => decided.head);
  return 'decided';
}

const deletes = () => arm.writes.filter((write) => write.startsWith('DELETE'));

describe('approvals', () => {
  it('are of one operation: what one asked for approves nothing for another', async () => {
    await provisioned(['a', 'b']);
    const dropped = await reconciling.put(smallSpec(NAME, ['a']), 'second');
    await reconciling.settle();
    expect(await reconciling.run(dropped)).toMatchObject({ state: 'waiting' });
    await decide('approver');
    const kept = await reconciling.put(smallSpec(NAME, ['a', 'b']), 'third');
    await reconciling.settle();
    expect(await reconciling.run(kept)).toMatchObject({ state: 'succeeded' });

    const again = await reconciling.put(smallSpec(NAME, ['a'], { tags: { step: 'again' } }), 'fourth');
    await reconciling.settle();

    expect(await reconciling.run(again)).toMatchObject({ state: 'waiting' });
    expect(deletes()).toEqual([]);
  });

  it('can be given however often the same thing was asked for', async () => {
    await provisioned(['a']);
    const first = await teardown('second');
    await reconciling.settle();
    const second = await teardown('second');
    await reconciling.settle();

    expect(await reconciling.run(first)).toMatchObject({ state: 'stopped', supersededBy: second });
    expect(await decide('approver')).toBe('decided');
    await reconciling.settle();
    expect(await reconciling.run(second)).toMatchObject({ state: 'succeeded' });
  });

  it('are not given by anybody who asked, also not by one whose request joined', async () => {
    await provisioned(['a', 'b']);
    await reconciling.put(smallSpec(NAME, ['a']), 'second');
    await reconciling.settle();
    await reconciling.record('reconcile', 'joiner');
    await reconciling.settle();

    expect(await decide('second')).toBe('SelfApproval');
    expect(await decide('Joiner')).toBe('SelfApproval');
    expect(await decide('approver')).toBe('decided');
  });

  it('by those who asked bind teardowns too where the spec allows them', async () => {
    await provisioned(['a'], { approvals: { selfApproval: true } });
    const id = await teardown('second');
    await reconciling.settle();
    expect(await decide('second', { selfApproval: true })).toBe('decided');
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
  });

  it('that come too late learn why', async () => {
    await provisioned(['a', 'b']);
    await reconciling.put(smallSpec(NAME, ['a']), 'second');
    await reconciling.settle();
    const [old] = (await reconciling.head()).approvals;
    await reconciling.put(smallSpec(NAME, ['a', 'b']), 'third');
    await reconciling.settle();

    expect(await decide('approver', { planHash: old?.planHash ?? '' })).toBe('StalePlan');
    expect(await decide('approver', { planHash: 'unknown' })).toBe('PlanNotFound');
  });
});

describe('a teardown', () => {
  it('runs in the change windows of the spec only', async () => {
    // 2026-06-01 is a Monday.
    await provisioned(['a'], {
      changeWindows: [{ days: ['Sunday'], start: '02:00', durationMinutes: 60, timeZone: 'UTC' }],
    });
    const id = await teardown('second');
    await reconciling.settle();
    await decide('approver');
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect(deletes()).toEqual([]);
  });

  it('wipes nothing of a spec that was put in its last turn', async () => {
    await provisioned(['a']);
    await teardown('second');
    await reconciling.settle();
    await decide('approver');
    const text = smallSpec(NAME, ['c']);
    await reconciling.settle(async () => {
      const head = await reconciling.head();
      return Object.values((await reconciling.run(head.currentOperationId ?? `${NAME}-2`)).rows).every(
        (row) => row.state.name === 'done',
      );
    });
    const id = await reconciling.put(text, 'third');
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.head()).toMatchObject({ teardown: false, specVersion: 2 });
  });
});

describe('a teardown that nobody approved', () => {
  const stays = async () => {
    expect(await reconciling.head()).toMatchObject({ teardown: false });
    expect((await reconciling.head()).specVersion).toBeGreaterThan(0);
    expect(deletes()).toEqual([]);
  };

  it.each(['create-only', 'observe'])('because the mode %s forbids it leaves the baseline as it is', async (mode) => {
    await provisioned(['a']);
    await reconciling.put(smallSpec(NAME, ['a'], { mode }), 'second');
    await reconciling.settle();
    const id = await teardown('second');
    await reconciling.settle();

    expect((await reconciling.run(id)).state).not.toBe('succeeded');
    await stays();
  });

  it('and that was stopped is over: what comes later reconciles', async () => {
    await provisioned(['a']);
    const id = await teardown('second');
    await reconciling.settle();
    await reconciling.change((head) => {
      const stopped = stopOperation(head, id, 'second', reconciling.nowIso);
      return stopped.outcome === 'stopping' ? stopped.head : head;
    });
    await reconciling.settle();
    expect(await reconciling.run(id)).toMatchObject({ state: 'stopped' });
    const part = await reconciling.record('reconcile', 'third', { scope: 'spoke:a' });
    await reconciling.settle();

    expect(await reconciling.run(part)).toMatchObject({ state: 'succeeded', teardown: false });
    await stays();
  });

  it('and that was called off before it began leaves the baseline as it is', async () => {
    await provisioned(['a']);
    const id = await teardown('second');
    await reconciling.change((head) => {
      const stopped = stopOperation(head, id, 'second', reconciling.nowIso);
      return stopped.outcome === 'withdrawn' ? stopped.head : head;
    });
    await reconciling.settle();
    await stays();
  });
});

describe('requests', () => {
  it('that a waiting run does not cover take over when a person asks for all of it, and never spin', async () => {
    await provisioned(['a', 'b']);
    const put = await reconciling.put(smallSpec(NAME, ['a']), 'second');
    await reconciling.settle();
    await reconciling.change((head) => {
      const stopped = stopOperation(head, put, 'second', reconciling.nowIso);
      return stopped.outcome === 'stopping' ? stopped.head : head;
    });
    await reconciling.settle();
    const part = await reconciling.record('reconcile', 'third', { scope: 'spoke:b' });
    await reconciling.settle();
    expect(await reconciling.run(part)).toMatchObject({ state: 'waiting' });
    const whole = await reconciling.record('reconcile', 'fourth');
    await reconciling.settle();

    expect(await reconciling.run(part)).toMatchObject({ state: 'stopped', supersededBy: whole });
    expect(await reconciling.run(whole)).toMatchObject({ state: 'waiting' });
    // The spec's author has not got it approved yet, whoever asks for it now.
    expect(await decide('second')).toBe('SelfApproval');
    expect(await decide('fourth')).toBe('SelfApproval');
    expect(await decide('approver')).toBe('decided');
  });

  it('of a timer queue up behind a run that waits, and nothing turns meanwhile', async () => {
    await provisioned(['a', 'b']);
    const waiting = await teardown('second');
    await reconciling.settle();
    const queued = await reconciling.record('timer', 'hubkeeper');
    const decision = await reconciling.settle();

    expect(decision).toEqual({ next: 'end' });
    expect(await reconciling.run(waiting)).toMatchObject({ state: 'waiting' });
    expect(await reconciling.head()).toMatchObject({
      reconciler: null,
      queuedBehind: waiting,
      requests: [{ operationId: queued }],
    });
  });

  it('of everything are not answered by a run of a part', async () => {
    await provisioned([]);
    await reconciling.put(smallSpec(NAME, ['a', 'b']), 'second');
    const head = await reconciling.head();
    await reconciling.change(() => ({ ...head, requests: [] }));
    const part = await reconciling.record('reconcile', 'second', { scope: 'spoke:a' });
    const whole = await reconciling.record('reconcile', 'second');
    await reconciling.settle();

    expect(await reconciling.run(part)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.run(whole)).toMatchObject({ state: 'succeeded' });
    expect(arm.writes.some((write) => write.includes('rg-base-b'))).toBe(true);
  });

  it('for one certain plan are refused when it has changed, also beside a run', async () => {
    await provisioned(['a']);
    const other = await reconciling.put(smallSpec(NAME, ['a'], { tags: { step: 'two' } }), 'second');
    const pinned = await reconciling.record('reconcile', 'third', { planHash: 'a'.repeat(64) });
    await reconciling.settle();

    expect(await reconciling.run(other)).toMatchObject({ state: 'succeeded' });
    expect(await reconciling.run(pinned)).toMatchObject({ state: 'failed', problems: [{ code: 'StalePlan' }] });
  });

  it('that would resume an operation which ends meanwhile leave its record alone', async () => {
    const id = await reconciling.put(smallSpec(NAME, ['a']), 'first');
    await reconciling.settle(async () => {
      const rows = Object.values((await reconciling.run(id)).rows);
      return rows.length > 0 && rows.every((row) => row.state.name === 'done');
    });
    const before = await reconciling.run(id);
    if (before.state === 'running')
      await reconciling.change((head) => withResumed(head, id, 'late', reconciling.nowIso).head);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded', trigger: 'put', requestedBy: 'first' });
    expect(Object.keys((await reconciling.run(id)).rows)).toEqual(Object.keys(before.rows));
    expect(await reconciling.head()).toMatchObject({ reconciler: null, requests: [], currentOperationId: null });
  });

  it('to stop end what nobody had taken up, and what had no plan yet', async () => {
    const id = await reconciling.put(smallSpec(NAME, ['a']), 'first');
    const stopped = stopOperation(await reconciling.head(), id, 'second', reconciling.nowIso);
    expect(stopped.outcome).toBe('withdrawn');
    if (stopped.outcome === 'withdrawn') await reconciling.change(() => stopped.head);
    await reconciling.settle();

    expect(arm.writes).toEqual([]);
    expect(await reconciling.head()).toMatchObject({ requests: [], stops: [], reconciler: null });
    expect(stopOperation(await reconciling.head(), id, 'second', reconciling.nowIso).outcome).toBe('notLive');
  });

  it('of a person try again what had failed', async () => {
    const failing =
      '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-base-a/providers/Microsoft.Network/virtualNetworks/vnet-spoke-a';
    arm.answerOnce('PUT', failing, 403, { error: { code: 'RequestDisallowedByPolicy', message: 'no' } });
    const id = await reconciling.put(smallSpec(NAME, ['a', 'b']), 'first');
    await reconciling.settle();
    expect(await reconciling.run(id)).toMatchObject({ state: 'partial' });
    const again = await reconciling.record('reconcile', 'second');
    await reconciling.settle();

    expect(await reconciling.run(again)).toMatchObject({ state: 'succeeded' });
    expect(arm.body(failing)).toBeDefined();
  });
});

describe('specs put in quick succession', () => {
  it('end as the last of them says, whatever was in flight', async () => {
    await provisioned(['a', 'b']);
    let last = '';
    for (let step = 0; step < 12; step++) {
      last = await reconciling.put(smallSpec(NAME, ['a', 'b'], { tags: { step: `s${step}` } }), 'second');
      await reconciling.turn();
      await reconciling.turn();
    }
    await reconciling.settle();

    expect(await reconciling.run(last)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a change window', () => {
  it('that closes while a run is under way lets nothing more start', async () => {
    await provisioned(['a', 'b', 'c', 'd'], {});
    const windows = {
      changeWindows: [{ days: ['Monday'], start: '08:00', durationMinutes: 30, timeZone: 'UTC', appliesTo: 'all' }],
      tags: { step: 'two' },
    };
    const id = await reconciling.put(smallSpec(NAME, ['a', 'b', 'c', 'd'], windows), 'second');
    await reconciling.settle((decision) => decision.next === 'start');
    const before = arm.writes.length;
    reconciling.pass(3_600);
    await reconciling.settle();

    expect(await reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect(arm.writes.length).toBe(before);
  });
});

describe('a turn that is repeated', () => {
  it('answers the same and leaves the same, wherever in the run it is', async () => {
    await reconciling.put(smallSpec(NAME, ['a']), 'first');
    const differing: string[] = [];
    for (let turns = 0; turns < 100; turns++) {
      const first = await reconciling.turn();
      const head = await reconciling.head();
      const again = await reconciling.repeatTurn();
      if (JSON.stringify(again) !== JSON.stringify(first)) differing.push(JSON.stringify([first, again]));
      if (JSON.stringify(await reconciling.head()) !== JSON.stringify(head)) differing.push('head');
      if (first.next === 'end') break;
    }

    expect(differing).toEqual([]);
    expect((await reconciling.head()).lastResult).toMatchObject({ state: 'succeeded' });
    const { entries } = await dependencies.journal.read({ baseline: NAME });
    const keys = entries.map((entry) => `${entry.operationId} ${entry.resource} ${entry.decision}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('a turn that is held up before it tells the baseline', () => {
  it('brings no operation back that another one has taken over meanwhile', async () => {
    const first = await reconciling.put(smallSpec(NAME, ['a']), 'first');
    await reconciling.turn();
    const heldUp = await reconciling.run(first);
    const { reconciler } = await reconciling.head();
    const second = await reconciling.put(smallSpec(NAME, ['a', 'b']), 'second');
    await reconciling.settle((decision) => decision.next === 'start');
    const head = await reconciling.head();
    const { instanceId = '' } = reconciler ?? {};
    const turn = { baseline: NAME, instanceId, turn: 1, outcomes: [], nowIso: reconciling.nowIso };

    expect(await conclude(dependencies, turn, heldUp)).toEqual({ next: 'again' });
    expect(await reconciling.head()).toEqual(head);
    await reconciling.settle();
    expect(await reconciling.run(first)).toMatchObject({ state: 'stopped', supersededBy: second });
    expect(await reconciling.run(second)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a reconciler that takes over', () => {
  it('tells each deletion once, also those that the one before it had seen and could not tell', async () => {
    await provisioned(['a', 'b']);
    const id = await reconciling.put(smallSpec(NAME, ['a']), 'second');
    await reconciling.settle();
    await decide('approver');
    const { runs } = dependencies;
    const write = runs.write;
    for (let turns = 0; turns < 100; turns++) {
      const decision = await reconciling.turn();
      if (decision.next === 'end') break;
      if (decision.next !== 'start') continue;
      // The turn after each start sees its end, and dies before it can write what it has seen.
      runs.write = async () => {
        throw new Error('killed');
      };
      await expect(reconciling.turn()).rejects.toThrow('killed');
      runs.write = write;
      await reconciling.change((head) => withReconciler({ ...head, reconciler: null }, reconciling.nowIso).head);
    }

    expect(await reconciling.run(id)).toMatchObject({ state: 'succeeded' });
    const { entries } = await dependencies.journal.read({ baseline: NAME, operation: id });
    const deleted = entries.filter(({ decision }) => decision === 'deleted').map(({ resource }) => resource);
    expect(deleted.length).toBeGreaterThan(2);
    expect(deleted.toSorted()).toEqual(
      deletes()
        .map((text) => text.replace(/^DELETE /, ''))
        .toSorted(),
    );
  });
});
