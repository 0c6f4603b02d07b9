import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  journal,
  operationOf,
  planOf,
  provision,
  put,
  rejections,
  resources,
  sampleSpec,
  statistics,
  untilSettled,
} from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

const NAME = 'aks-baseline';

let environment: TestEnvironment;

beforeEach(async () => {
  environment = await startEnvironment();
});

afterEach(async () => {
  await environment?.stop();
});

/** Moves time on until the named resource is being made. */
async function untilRunning(operationId: string, part: string): Promise<void> {
  await environment.advanceUntil(
    `${part} is being made`,
    async () =>
      (await operationOf(environment, operationId)).nodes.find(
        (node) => node.id.includes(part) && node.state === 'running',
      ),
    3_600,
    10,
  );
}

async function nowPlus(hours: number): Promise<string> {
  const { body } = await environment.sim<{ simulatedMs: number }>('GET', 'clock');
  return new Date(body.simulatedMs + hours * 3_600_000).toISOString();
}

async function firewallWrites(): Promise<number> {
  const counted = await statistics(environment);
  return Object.entries(counted.resources)
    .filter(([id]) => /\/azureFirewalls\/[^/]+$/i.test(id))
    .reduce((sum, [, { writes }]) => sum + writes, 0);
}

describe('a run that is under way', () => {
  it('follows a newer spec, and follows what is in flight to its end', async () => {
    const first = await put(environment, NAME, sampleSpec());
    await untilRunning(first, '/bastionHosts/');

    const second = await put(environment, NAME, sampleSpec().replace('businessUnit: BU0001', 'businessUnit: BU0002'));
    const operation = await untilSettled(environment, second);

    expect(operation).toMatchObject({ state: 'succeeded', errors: [] });
    expect(await operationOf(environment, first)).toMatchObject({ state: 'stopped', supersededBy: second });
    const counted = await statistics(environment);
    expect(rejections(counted)).toEqual({});
    expect(Object.values(counted.resources).every(({ creates }) => creates <= 1)).toBe(true);
    const units = [...(await resources(environment)).values()].flatMap((body) =>
      body.tags === undefined ? [] : [(body.tags as Record<string, string>).businessUnit],
    );
    expect(new Set(units)).toEqual(new Set(['BU0002']));
    expect(await planOf(environment, NAME)).toMatchObject({ changes: [] });
  });

  it('starts nothing more under a hold, and goes on by itself when the hold ends', async () => {
    const id = await put(environment, NAME, sampleSpec());
    await untilRunning(id, '/bastionHosts/');

    const held = await environment.api('PUT', `/api/baselines/${NAME}/hold`, {
      owner: 'incident',
      reason: 'outage in the hub',
      until: await nowPlus(5),
    });
    expect(held.status).toBe(200);
    const waiting = await untilSettled(environment, id);
    const before = await statistics(environment);

    expect(waiting.state).toBe('waiting');
    expect(waiting.nodes.filter((node) => node.state === 'running')).toEqual([]);
    expect(waiting.nodes.find((node) => node.id.includes('/bastionHosts/'))?.state).toBe('succeeded');
    expect(waiting.waitingFor?.[0]).toMatchObject({ kind: 'hold' });
    await environment.advance(3_600);
    expect((await statistics(environment)).principals).toEqual(before.principals);

    const ended = await environment.advanceUntil(
      'the run has gone on',
      async () => {
        const operation = await operationOf(environment, id);
        return operation.state === 'succeeded' ? operation : undefined;
      },
      8 * 3_600,
      600,
    );
    expect(ended.errors).toEqual([]);
    expect(rejections(await statistics(environment))).toEqual({});
  });

  it('obeys the global pause at the next step, and its end', async () => {
    const id = await put(environment, NAME, sampleSpec());
    await untilRunning(id, '/bastionHosts/');

    expect((await environment.api('PUT', '/api/pause', { reason: 'change freeze' })).status).toBe(200);
    const waiting = await untilSettled(environment, id);
    expect(waiting).toMatchObject({ state: 'waiting' });
    expect(await firewallWrites()).toBe(0);

    expect((await environment.api('DELETE', '/api/pause')).status).toBe(200);
    const ended = await environment.advanceUntil(
      'the run has gone on',
      async () => {
        const operation = await operationOf(environment, id);
        return operation.state === 'succeeded' ? operation : undefined;
      },
      3 * 3_600,
    );
    expect(ended.progress.done).toBe(ended.progress.total);
  });

  it('stops when told: what is in flight ends, nothing else starts', async () => {
    const id = await put(environment, NAME, sampleSpec());
    await untilRunning(id, '/bastionHosts/');

    expect((await environment.api('POST', `/api/operations/${id}/stop`)).status).toBe(202);
    const stopped = await untilSettled(environment, id);
    const before = await statistics(environment);

    expect(stopped.state).toBe('stopped');
    expect(stopped.nodes.find((node) => node.id.includes('/bastionHosts/'))?.state).toBe('succeeded');
    expect(await firewallWrites()).toBe(0);
    await environment.advance(3_600);
    expect((await statistics(environment)).principals).toEqual(before.principals);

    const resumed = await provision(environment, NAME, sampleSpec());
    expect(resumed.state).toBe('succeeded');
  });
});

describe('teardown', () => {
  it('waits for the approval of another person, then removes everything that was made', async () => {
    await provision(environment, NAME, sampleSpec());

    const asked = await environment.api<{ operationId: string; planHash: string }>('DELETE', `/api/baselines/${NAME}`);
    expect(asked.status).toBe(202);
    const waiting = await untilSettled(environment, asked.body.operationId);
    expect(waiting).toMatchObject({ state: 'waiting' });
    const { body: listed } = await environment.api<{ approvals: { planHash: string }[] }>('GET', '/api/approvals');
    expect(listed.approvals.map((approval) => approval.planHash)).toEqual([asked.body.planHash]);
    const hash = asked.body.planHash;
    expect((await environment.api('POST', `/api/approvals/${hash}`, { decision: 'approve' })).status).toBe(403);
    expect((await environment.api('POST', `/api/approvals/${'0'.repeat(64)}`, { decision: 'approve' })).status).toBe(
      404,
    );
    const approved = await environment.api(
      'POST',
      `/api/approvals/${hash}`,
      { decision: 'approve', comment: 'test over' },
      { 'x-hubkeeper-user': 'approver' },
    );
    expect(approved.status).toBe(200);
    const ended = await environment.advanceUntil(
      'the teardown is over',
      async () => {
        const operation = await operationOf(environment, asked.body.operationId);
        return operation.state === 'waiting' || operation.state === 'running' ? undefined : operation;
      },
      4 * 3_600,
    );

    expect({ state: ended.state, errors: ended.errors }).toEqual({ state: 'succeeded', errors: [] });
    // Azure keeps a deleted workspace for a while.
    expect([...(await resources(environment)).keys()].filter((id) => !id.includes('/deletedworkspaces/'))).toEqual([]);
    expect(rejections(await statistics(environment))).toEqual({});
    const decisions = (await journal(environment, NAME)).map((entry) => entry.decision);
    expect(decisions).toEqual(
      expect.arrayContaining(['teardown requested', 'waiting', 'approved', 'deleted', 'succeeded']),
    );
  });
});
