import type { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import type { Call } from '../../functions/http.ts';
import { setPause } from '../../functions/pause.ts';
import { newHead } from '../../lib/state/baseline-head.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';

async function world(stopped = false) {
  const dependencies = memoryDependencies();
  await dependencies.baselines.change('north', () => ({ head: newHead('north'), result: 0 }), { create: true });
  const app = { ...dependencies, settings: { ...dependencies.settings, stopped } };
  const call = {
    app,
    nowIso: NOW,
    caller: { user: 'alice' },
    request: {
      headers: new Headers({ 'content-type': 'application/json' }),
      arrayBuffer: async () => Buffer.from(JSON.stringify({ reason: 'change freeze' }), 'utf8'),
    } as unknown as HttpRequest,
    client: {} as DurableClient,
    context: {} as InvocationContext,
  } as unknown as Call;
  return {
    pause: () => setPause(call, true),
    resume: () => setPause(call, false),
    told: async () =>
      (await dependencies.journal.read({ baseline: 'north' })).entries.map(({ decision }) => decision).sort(),
    generation: async () => (await dependencies.baselines.readPause()).generation,
  };
}

describe('the end of a pause', () => {
  it('is told to each baseline once', async () => {
    const { pause, resume, told } = await world();
    await pause();

    expect((await resume()).jsonBody).toMatchObject({ paused: false });
    expect(await told()).toEqual(['paused', 'resumed']);
  });

  it('is refused and recorded nowhere when nothing is paused', async () => {
    const { pause, resume, told, generation } = await world();

    await expect(resume()).rejects.toMatchObject({ status: 404, errors: [{ code: 'NotPaused' }] });
    expect(await told()).toEqual([]);

    await pause();
    await resume();
    const before = await generation();

    await expect(resume()).rejects.toMatchObject({ status: 404, errors: [{ code: 'NotPaused' }] });
    expect(await told()).toEqual(['paused', 'resumed']);
    expect(await generation()).toBe(before);
  });

  it('says what an app setting keeps paused', async () => {
    const { resume, told } = await world(true);

    expect((await resume()).jsonBody).toMatchObject({
      paused: true,
      reason: expect.stringContaining('HUBKEEPER_STOPPED'),
    });
    expect(await told()).toEqual([]);
  });
});
