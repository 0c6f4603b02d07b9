import { describe, expect, it } from '@jest/globals';
import type { OperationBody } from '../../../lib/api/operation.ts';
import { createClient } from '../../../lib/cli/client.ts';
import { type FollowInput, follow } from '../../../lib/cli/follow.ts';
import type { Progress } from '../../../lib/cli/progress.ts';
import type { FakeAnswer } from './fake-api.ts';
import { createFakeWorld, type FakeWorldOptions } from './fake-world.ts';
import { HASH, nodeOf, operationOf, VNET } from './samples.ts';

function answer(operation: OperationBody, headers?: Readonly<Record<string, string>>): FakeAnswer {
  return { status: 200, body: operation, ...(headers === undefined ? {} : { headers }) };
}
const running = answer(operationOf('running'));
const done = answer(operationOf('succeeded'));
const approval = answer(
  operationOf('waiting', {
    nodes: [
      nodeOf(VNET, 'waiting', { waitingFor: { kind: 'approval', reason: 'It needs approval.', planHash: HASH } }),
    ],
  }),
);

function watch(answers: readonly FakeAnswer[], input: Partial<FollowInput> = {}, options: FakeWorldOptions = {}) {
  const world = createFakeWorld({ ...options, routes: { 'GET /api/operations/prod-17': answers } });
  const shown: string[] = [];
  const said: string[] = [];
  let ends = 0;
  const progress: Progress = {
    show: (operation) => void shown.push(operation.state),
    say: (line) => void said.push(line),
    end: () => {
      ends += 1;
    },
  };
  const result = follow(world, createClient(world, {}), progress, {
    operationId: 'prod-17',
    waitForApproval: false,
    ...input,
  });
  return { result, world, shown, said, ends: () => ends };
}

describe('follow', () => {
  it.each([
    ['succeeded', 0],
    ['partial', 1],
    ['failed', 1],
    ['stopped', 1],
  ] as const)('ends with %s as %d', async (state, exitCode) => {
    const { result, shown, ends } = watch([running, running, answer(operationOf(state))]);

    expect(await result).toMatchObject({ ended: 'final', exitCode, operation: { state } });
    expect(shown).toEqual(['running', 'running', state]);
    expect(ends()).toBe(1);
  });

  it('asks as often as the app wants, within reason', async () => {
    const { result, world } = watch([
      running,
      answer(operationOf('running'), { 'retry-after': '5' }),
      answer(operationOf('running'), { 'retry-after': '900' }),
      answer(operationOf('running'), { 'retry-after': '0' }),
      done,
    ]);
    await result;

    expect(world.sleepsMs).toEqual([2000, 5000, 15_000, 1000]);
  });

  it('ends with 3 when only an approval is missing', async () => {
    expect(await watch([running, approval, done]).result).toMatchObject({ ended: 'approval', exitCode: 3 });
  });

  it('waits for the approval when asked to', async () => {
    expect(await watch([approval, approval, done], { waitForApproval: true }).result).toMatchObject({
      ended: 'final',
      exitCode: 0,
    });
  });

  it('waits on while it waits for somebody else', async () => {
    const carrier = answer(operationOf('waiting', { waitingFor: [{ kind: 'carrier', reason: 'The carrier.' }] }));

    expect(await watch([carrier, carrier, done]).result).toMatchObject({ ended: 'final' });
  });

  it('Ctrl-C ends the watching and nothing else', async () => {
    const { result, world, ends } = watch([running], {}, { interruptAtSleep: 2 });

    expect(await result).toMatchObject({ ended: 'interrupted', exitCode: 130, operation: { state: 'running' } });
    expect(world.received.every((call) => call.method === 'GET')).toBe(true);
    expect(ends()).toBe(1);
  });

  it('stops watching when the time is up', async () => {
    const { result, world } = watch([running], { timeoutMinutes: 1 });

    expect(await result).toMatchObject({ ended: 'timeout', exitCode: 1 });
    expect(world.sleepsMs).toHaveLength(30);
  });

  it('outlives a restart of the app and says so once', async () => {
    const gone: FakeAnswer = { status: 200, drop: true };
    const { result, said } = watch([
      running,
      ...Array.from({ length: 9 }, () => gone),
      { status: 503 },
      { status: 503 },
      { status: 503 },
      done,
    ]);

    expect(await result).toMatchObject({ ended: 'final', exitCode: 0 });
    expect(said).toEqual([expect.stringContaining('trying again')]);
  });

  it('gives up on an app that is away for more than five minutes', async () => {
    const { result, world, ends } = watch([running, { status: 200, drop: true }]);

    await expect(result).rejects.toMatchObject({ errors: [{ code: 'Unreachable' }] });
    expect(world.sleepsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(5 * 60_000);
    expect(ends()).toBe(1);
  });

  it.each([404, 403, 400])('gives up at once on an answer %d', async (status) => {
    const { result, world } = watch([
      { status, body: { errors: [{ code: 'X', path: '', message: 'm.', remedy: 'r.' }] } },
    ]);

    await expect(result).rejects.toMatchObject({ status });
    expect(world.received).toHaveLength(1);
  });
});
