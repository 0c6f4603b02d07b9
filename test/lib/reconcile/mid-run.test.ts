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

  it('a lock is respected, told, and not tried again', async () => {
    const [locked, other] = run.networks;
    const id = await run.driftWith(async () => {
      const body = { error: { code: 'ScopeLocked', message: 'The scope is locked.' } };
      run.arm.answerOnce('PUT', locked, 409, body);
    });

    expect(run.written().filter((target) => target === locked)).toHaveLength(1);
    expect(run.written()).toContain(other);
    const { rows, state } = await run.reconciling.run(id);
    expect(state).toBe('partial');
    expect(rows[locked]).toMatchObject({
      state: { name: 'failed' },
      problem: { code: 'ScopeLocked', actor: 'operator' },
    });
  });

  it('a lock that is there when the next plan is made refuses the change before anything is sent', async () => {
    const [locked] = run.networks;
    run.arm.put(`${locked}/providers/Microsoft.Authorization/locks/keep`, {
      name: 'keep',
      properties: { level: 'ReadOnly' },
    });

    const id = await run.driftWith(async () => undefined);

    expect(run.written()).not.toContain(locked);
    expect((await run.reconciling.run(id)).refused).toContainEqual(
      expect.objectContaining({ id: locked, code: 'Protected' }),
    );
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
