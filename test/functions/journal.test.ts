import type { HttpRequest } from '@azure/functions';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Call } from '../../functions/http.ts';
import { readJournal } from '../../functions/journal.ts';
import { type JournalBody, journal } from '../../lib/api/journal.ts';
import { tellTurn } from '../../lib/reconcile/tell-turn.ts';
import { newHead } from '../../lib/state/baseline-head.ts';
import type { JournalEntry } from '../../lib/state/journal.ts';
import type { RunDocument } from '../../lib/state/run.ts';
import { memoryDependencies } from '../support/memory-dependencies.ts';

const NOW = '2026-06-01T12:00:00.000Z';
let dependencies: ReturnType<typeof memoryDependencies>;

beforeEach(async () => {
  dependencies = memoryDependencies();
  for (const name of ['north', 'south'])
    await dependencies.baselines.change(name, () => ({ head: newHead(name), result: 0 }), { create: true });
});

function entryOf(minute: number, baseline: string): JournalEntry {
  const at = new Date(Date.parse(NOW) - minute * 60_000).toISOString();
  return { at, baseline, operationId: '', trigger: 'drift', resource: '', decision: 'd', reason: `${minute}` };
}

async function asked(query: Readonly<Record<string, string>>): Promise<JournalBody> {
  const request = { query: new URLSearchParams(query) } as unknown as HttpRequest;
  return journal.parse((await readJournal({ app: dependencies, request, nowIso: NOW } as unknown as Call)).jsonBody);
}

describe('the journal over HTTP', () => {
  it('begins with the oldest entries, and with the newest when asked to, in the order of time', async () => {
    await dependencies.journal.append([1, 2, 3, 4, 5].map((minute) => entryOf(minute, 'north')));
    const reasons = ({ entries }: JournalBody) => entries.map(({ reason }) => reason);
    const query = { baseline: 'north', limit: '2' };

    expect(reasons(await asked(query))).toEqual(['5', '4']);
    const newest = await asked({ ...query, order: 'newest' });
    expect(reasons(newest)).toEqual(['2', '1']);
    const before = await asked({ ...query, order: 'newest', continuation: newest.next ?? '' });
    expect(reasons(before)).toEqual(['4', '3']);
    const first = await asked({ ...query, order: 'newest', continuation: before.next ?? '' });
    expect([reasons(first), first.next]).toEqual([['5'], null]);
  });

  it('has the newest of all baselines where none is named', async () => {
    await dependencies.journal.append([entryOf(1, 'north'), entryOf(2, 'south'), entryOf(3, 'north')]);

    expect(await asked({ order: 'newest', limit: '2' })).toMatchObject({
      entries: [
        { baseline: 'south', reason: '2' },
        { baseline: 'north', reason: '1' },
      ],
      next: expect.any(String),
    });
  });

  it.each(['north~abc', 'x', '2026'])('refuses the continuation %s of another order', async (continuation) => {
    await expect(asked({ baseline: 'north', order: 'newest', continuation })).rejects.toMatchObject({
      errors: [{ path: 'query.continuation' }],
    });
  });

  it('has the lines of a turn in the order in which they were decided, and turns of one moment one after the other', async () => {
    const turn = (count: number, decisions: readonly string[]) =>
      ({
        operationId: 'north-1',
        trigger: 'drift',
        stamp: `reconcile-north:1:${count}`,
        outbox: decisions.map((decision) => ({ ...entryOf(0, 'north'), decision })),
      }) as unknown as RunDocument;
    await tellTurn(dependencies, turn(10, ['refused', 'problem', 'partial']));
    await tellTurn(dependencies, turn(9, ['planned', 'waiting']));
    await tellTurn(dependencies, turn(10, ['refused', 'problem', 'partial']));

    const { entries } = await asked({ baseline: 'north' });
    expect(entries.map(({ decision }) => decision)).toEqual(['planned', 'waiting', 'refused', 'problem', 'partial']);
  });
});
