import type { InvocationContext } from '@azure/functions';
import { describe, expect, it } from '@jest/globals';
import type { DurableClient } from 'durable-functions';
import { poke } from '../../functions/poke.ts';
import { flushOutbox } from '../../lib/reconcile/conclude.ts';
import { requestOperation } from '../../lib/state/operation-request.ts';
import { StorageError } from '../../lib/state/storage.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';

describe('a call whose change is stored', () => {
  it.each([
    ['the journal is away', 'journal'],
    ['the host is away', 'host'],
  ])('is not failed when %s: it says so in the log, and the timer makes it good', async (_, away) => {
    const dependencies = memoryDependencies();
    const { head, result } = await dependencies.baselines.change(
      'north',
      (empty) =>
        requestOperation(empty, {
          trigger: 'put',
          requestedBy: 'alice',
          at: NOW,
          decision: 'spec stored',
          reason: 'Version 1 was put.',
        }),
      { create: true },
    );
    const warnings: unknown[] = [];
    const context = { warn: (...line: readonly unknown[]) => warnings.push(line) } as unknown as InvocationContext;
    const started: string[] = [];
    const client = {
      startNew: async (_name: string, { instanceId }: { readonly instanceId: string }) => {
        if (away === 'host') throw new Error('no answer');
        return started.push(instanceId);
      },
    } as unknown as DurableClient;
    const journal = {
      ...dependencies.journal,
      append: () => Promise.reject(new StorageError('write the journal', 'no answer')),
    };

    await poke(away === 'journal' ? { ...dependencies, journal } : dependencies, client, context, head, result.start);

    expect(warnings).toHaveLength(1);
    expect(started).toEqual(away === 'host' ? [] : ['reconcile.north.1']);
    const left = (await dependencies.baselines.read('north'))?.head;
    expect(left?.requests).toHaveLength(1);
    expect(left?.outbox).toHaveLength(away === 'journal' ? 1 : 0);
    if (left !== undefined) await flushOutbox(dependencies, left);
    expect((await dependencies.journal.read({ baseline: 'north' })).entries).toMatchObject([
      { decision: 'spec stored' },
    ]);
  });
});
