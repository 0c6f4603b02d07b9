import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createJournal, type JournalEntry, journalRow } from '../../../lib/state/journal.ts';
import { newestRows } from '../../../lib/state/newest-rows.ts';
import type { TableStore } from '../../../lib/state/storage.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';

const NOW_MS = Date.parse('2026-06-01T12:00:00Z');
const DAY_MS = 86_400_000;
const NAMES = ['north', 'south'] as const;

function entryOf(agoMs: number, over: Partial<JournalEntry> = {}): JournalEntry {
  const at = new Date(NOW_MS - agoMs).toISOString();
  return {
    at,
    baseline: 'north',
    operationId: 'north-1',
    trigger: 'drift',
    resource: '',
    decision: 'd',
    reason: '',
    ...over,
  };
}

/** Entries at times that are close together or years apart, told apart by their reason. */
const someEntries = fc
  .array(
    fc.record({
      agoMs: fc.oneof(fc.nat(5_000), fc.nat(DAY_MS), fc.nat(300 * DAY_MS), fc.nat(3_000 * DAY_MS)),
      baseline: fc.constantFrom(...NAMES),
      resource: fc.constantFrom('', '/a', '/B'),
    }),
    { maxLength: 60 },
  )
  .map((drawn) =>
    drawn.map(({ agoMs, ...rest }, at) => entryOf(agoMs, { ...rest, reason: String(at), discriminator: String(at) })),
  );

function sorted(entries: readonly JournalEntry[]): readonly string[] {
  return entries
    .map((entry) => ({ key: journalRow(entry).row, reason: entry.reason }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ reason }) => reason);
}

async function journalOf(entries: readonly JournalEntry[]) {
  const journal = createJournal(createMemoryStorage().tables);
  await journal.append(entries);
  return journal;
}

/** A store that counts its calls. */
function counted(tables: TableStore): TableStore & { calls: number } {
  const counting = { ...tables, calls: 0 };
  counting.page = (...given) => {
    counting.calls += 1;
    return tables.page(...given);
  };
  return counting;
}

describe('the newest page of the journal', () => {
  it('and those before it are the journal, page by page, whatever is asked for', async () => {
    const wanted = fc.record({
      limit: fc.integer({ min: 1, max: 20 }),
      baselines: fc.subarray([...NAMES], { minLength: 1 }),
      resource: fc.option(fc.constantFrom('/a', '/b'), { nil: undefined }),
      sinceAgoMs: fc.option(fc.nat(400 * DAY_MS), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(someEntries, wanted, async (entries, { limit, baselines, resource, sinceAgoMs }) => {
        const since = sinceAgoMs === undefined ? undefined : new Date(NOW_MS - sinceAgoMs).toISOString();
        const journal = await journalOf(entries);
        const query = {
          ...{ baselines, limit, nowMs: NOW_MS },
          ...(resource === undefined ? {} : { resource }),
          ...(since === undefined ? {} : { since }),
        };
        const pages: (readonly JournalEntry[])[] = [];
        let before: string | undefined;
        do {
          const page = await journal.readNewest({ ...query, ...(before === undefined ? {} : { before }) });
          pages.unshift(page.entries);
          before = page.before;
        } while (before !== undefined);

        const meant = entries.filter(
          (one) =>
            baselines.includes(one.baseline as 'north') &&
            (resource === undefined || one.resource.toLowerCase() === resource) &&
            (since === undefined || one.at >= since),
        );
        expect(pages.flat().map(({ reason }) => reason)).toEqual(sorted(meant));
        expect(pages.slice(1).every((page) => page.length === limit)).toBe(true);
        expect(pages.length === 1 || pages[0]?.length !== 0).toBe(true);
      }),
    );
  });

  const spread = (count: number, everyMs: number, fromAgoMs = 0) =>
    Array.from({ length: count }, (_, at) => entryOf(fromAgoMs + at * everyMs, { discriminator: String(at) }));

  it.each([
    ['an empty journal', [], 6],
    ['a line an hour for two months', spread(1_500, 3_600_000), 4],
    ['a line every ten seconds for a day', spread(8_640, 10_000), 5],
    ['a line a day for three years', spread(1_000, DAY_MS), 5],
    ['a storm of one minute, a year ago', spread(5_000, 12, 365 * DAY_MS), 18],
    ['a storm within one moment', spread(2_500, 0), 14],
  ])('takes few calls of %s', async (_name, entries, most) => {
    const tables = counted(createMemoryStorage().tables);
    await createJournal(tables).append(entries);
    tables.calls = 0;

    const page = await createJournal(tables).readNewest({ baselines: ['north'], nowMs: NOW_MS });

    expect(page.entries).toHaveLength(Math.min(200, entries.length));
    expect(page.before === undefined).toBe(entries.length <= 200);
    expect(tables.calls).toBeLessThanOrEqual(most);
  });

  it('ends a search that finds nothing, and says from where to go on', async () => {
    const rows = spread(100_000, 2_000).map(journalRow).toReversed();
    let calls = 0;
    const page: TableStore['page'] = async (_table, _partition, { fromRow = '', toRow = 'z', size }) => {
      calls += 1;
      const inside = rows.filter(({ row }) => row >= fromRow && row < toRow);
      return { rows: inside.slice(0, size), ...(inside.length > size ? { next: 'more' } : {}) };
    };

    const query = { count: 1, nowMs: NOW_MS, matches: () => false };
    const { rows: found, completeFrom = '' } = await newestRows({ page }, 't', 'north', query);

    expect(found).toEqual([]);
    expect(calls).toBe(60);
    expect(completeFrom > (rows[0]?.row ?? '')).toBe(true);
    expect(completeFrom < (rows.at(-10_000)?.row ?? '')).toBe(true);
  });
});

describe('lines of one moment', () => {
  it('come in the order in which they were decided, after those of whoever has none', async () => {
    const decisions = ['asked', 'planned', 'refused', 'partial'];
    const lines = decisions.map((decision, at) => entryOf(0, { decision, ...(at === 0 ? {} : { order: at }) }));
    const journal = await journalOf(lines.toReversed());

    const { entries } = await journal.read({ baseline: 'north' });
    expect(entries.map(({ decision }) => decision)).toEqual(decisions);
    expect(entries[1]).not.toHaveProperty('order');
  });
});
