import { beforeEach, describe, expect, it } from '@jest/globals';
import { OPT_OUT_TAG } from '../../../lib/reconcile/protection.ts';
import { withHold } from '../../../lib/state/baseline-head.ts';
import { type MidRun, midRun } from '../../support/mid-run.ts';

let run: MidRun;

beforeEach(async () => {
  run = await midRun();
});

describe('what is decided while drift is put right', () => {
  it('a hold keeps the next write back, until it ends', async () => {
    const until = new Date(Date.parse(run.nowIso()) + 3_600_000).toISOString();
    const id = await run.driftWith(async () => {
      const hold = { owner: 'ops', reason: 'incident', until, since: run.nowIso(), by: 'ops' };
      await run.reconciling.change((head) => {
        const held = withHold(head, hold, run.nowIso());
        return 'head' in held ? held.head : head;
      });
    });

    expect(run.written()).toEqual([]);
    expect(await run.reconciling.run(id)).toMatchObject({ state: 'waiting' });
    expect(await run.waitingFor(id)).toEqual(['hold', 'hold']);

    run.reconciling.pass(2 * 3_600);
    await run.reconciling.record('timer', 'hubkeeper');
    await run.reconciling.settle();

    expect(new Set(run.written())).toEqual(new Set(run.networks));
  });

  it('the stop switch keeps the next write back', async () => {
    const id = await run.driftWith(() => run.pause());

    expect(run.written()).toEqual([]);
    expect(await run.waitingFor(id)).toEqual(['pause', 'pause']);
  });

  const SCOPE_LOCKED = { error: { code: 'ScopeLocked', message: 'The scope is locked.' } };

  function lock(id: string): void {
    run.arm.put(`${id}/providers/Microsoft.Authorization/locks/keep`, {
      name: 'keep',
      properties: { level: 'ReadOnly' },
    });
  }

  it.each([409, 403])('a lock that Azure enforces with %d is respected, named, and no failure', async (status) => {
    const [locked, other] = run.networks;
    const id = await run.driftWith(async () => {
      run.arm.answerOnce('PUT', locked, status, SCOPE_LOCKED);
      lock(locked);
    });

    expect(run.written().filter((target) => target === locked)).toHaveLength(1);
    expect(run.written()).toContain(other);
    const { rows, refused, state, spent } = await run.reconciling.run(id);
    expect(state).toBe('partial');
    expect(refused).toMatchObject([
      { id: locked, code: 'Protected', why: expect.stringContaining("'keep' (ReadOnly)") },
    ]);
    expect(Object.values(rows).map((row) => [row.id, row.state.name])).toEqual([[other, 'done']]);
    expect(spent).toHaveLength(1);
    expect(await run.decisionsAbout(id, locked)).toEqual(['drift found', 'not written', 'refused']);
  });

  it('a lock that no list shows is met twice, and then ends in a failure', async () => {
    const [locked] = run.networks;
    const id = await run.driftWith(async () => {
      for (let times = 0; times < 3; times++) run.arm.answerOnce('PUT', locked, 409, SCOPE_LOCKED);
    });

    expect(run.written().filter((target) => target === locked)).toHaveLength(2);
    const { rows, state } = await run.reconciling.run(id);
    expect(state).toBe('partial');
    expect(rows[locked]).toMatchObject({
      state: { name: 'failed' },
      problem: { code: 'ScopeLocked', actor: 'operator' },
    });
  });

  it('a lock that is there when the next plan is made refuses the change before anything is sent', async () => {
    const [locked] = run.networks;
    lock(locked);

    const id = await run.driftWith(async () => undefined);

    expect(run.written()).not.toContain(locked);
    expect((await run.reconciling.run(id)).refused).toContainEqual(
      expect.objectContaining({ id: locked, code: 'Protected' }),
    );
  });

  it('the tag that opts a group out keeps back what is in it and not begun', async () => {
    run = await midRun(1);
    let other = '';
    const id = await run.driftWith(async (begun) => {
      other = run.networks.find((network) => network !== begun) ?? '';
      const group = other.slice(0, other.indexOf('/providers/'));
      run.arm.put(group, { ...run.arm.body(group), tags: { [OPT_OUT_TAG]: '' } });
    });

    expect(run.written()).toEqual(run.networks.filter((network) => network !== other));
    expect((await run.reconciling.run(id)).refused).toMatchObject([{ id: other, code: 'Protected' }]);
  });

  it('costs a turn that starts from an earlier plan one read of each group', async () => {
    run = await midRun(1);
    await run.driftWith(async () => undefined);

    const isGroup = /\/resourceGroups\/[^/]+$/i;
    expect(run.read().filter((target) => isGroup.test(target))).toHaveLength(1);
  });

  it('the tag that opts a resource out keeps the write of it back', async () => {
    const [tagged, other] = run.networks;
    const id = await run.driftWith(async () => {
      run.arm.put(tagged, { ...run.arm.body(tagged), tags: { [OPT_OUT_TAG]: '' } });
    });

    expect(new Set(run.written())).toEqual(new Set([other]));
    expect((await run.reconciling.run(id)).refused).toContainEqual(
      expect.objectContaining({ id: tagged, code: 'Protected' }),
    );
  });
});
