import type { HttpRequest, InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { deleteHold, putHold } from '../../functions/holds.ts';
import type { Call } from '../../functions/http.ts';
import { readJournal } from '../../functions/journal.ts';
import { watchHead } from '../../lib/reconcile/watch.ts';
import { newHead, withHold } from '../../lib/state/baseline-head.ts';
import { UnknownPositionError } from '../../lib/state/storage.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const LATER = '2026-06-01T13:00:00.000Z';

function callOf(dependencies: ReturnType<typeof memoryDependencies>, body: unknown, query = ''): Call {
  const text = JSON.stringify(body);
  return {
    app: dependencies,
    nowIso: NOW,
    caller: { user: 'alice' },
    request: {
      params: { name: 'north' },
      query: new URLSearchParams(query),
      headers: new Headers({ 'content-type': 'application/json' }),
      arrayBuffer: async () => Buffer.from(text, 'utf8'),
    } as unknown as HttpRequest,
    client: {} as DurableClient,
    context: {} as InvocationContext,
  } as unknown as Call;
}

async function world() {
  const dependencies = memoryDependencies();
  await dependencies.baselines.change('north', () => ({ head: newHead('north'), result: 0 }), { create: true });
  return dependencies;
}

describe('holds within one millisecond', () => {
  it('have a journal line each', async () => {
    const dependencies = await world();
    for (const reason of ['first', 'second', 'third'])
      await putHold(callOf(dependencies, { owner: 'incident', reason, until: LATER }));
    await deleteHold(callOf(dependencies, {}));
    await putHold(callOf(dependencies, { owner: 'incident', reason: 'fourth', until: LATER }));
    await deleteHold(callOf(dependencies, {}));

    const { entries } = await dependencies.journal.read({ baseline: 'north' });
    const reasons = entries.filter(({ decision }) => decision === 'held').map(({ reason }) => reason.split(' ')[1]);
    expect(reasons.sort()).toEqual(['first', 'fourth', 'second', 'third']);
    expect(entries.filter(({ decision }) => decision === 'released')).toHaveLength(2);
  });

  it('that end by themselves are told apart from those that were released', () => {
    const hold = { owner: 'o', reason: 'r', until: NOW, since: NOW, by: 'alice' };
    const held = withHold(newHead('north'), hold, NOW);
    if ('heldBy' in held) throw new Error('Nobody else holds it.');
    const ended = watchHead(held.head, undefined, 'none', false, NOW).head;

    expect(ended?.outbox).toMatchObject([{ decision: 'released', discriminator: String(ended?.generation) }]);
  });
});

describe('the journal', () => {
  it.each(['garbage', '~', 'south~', 'garbage~x'])('is not read on from "%s"', async (continuation) => {
    const query = `continuation=${encodeURIComponent(continuation)}`;

    await expect(readJournal(callOf(await world(), {}, query))).rejects.toMatchObject({ status: 400 });
    await expect(readJournal(callOf(memoryDependencies(), {}, query))).rejects.toMatchObject({ status: 400 });
  });

  it('is not read on from a position that the table has not given', async () => {
    const dependencies = await world();
    const journal = { ...dependencies.journal, read: () => Promise.reject(new UnknownPositionError()) };

    await expect(
      readJournal(callOf({ ...dependencies, journal }, {}, 'continuation=north~garbage')),
    ).rejects.toMatchObject({ status: 400, errors: [{ path: 'query.continuation' }] });
  });
});
