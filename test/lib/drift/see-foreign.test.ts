import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ChangeOrigin,
  type DriftRecord,
  MOST_FOREIGN_ENTRIES,
  newDriftRecord,
} from '../../../lib/drift/drift-record.ts';
import { type ForeignSight, MOST_SINGLE_NEWS, seeForeign } from '../../../lib/drift/see-foreign.ts';
import type { ForeignEntry } from '../../../lib/plan/foreign-entries.ts';

const NOW = '2026-06-01T12:00:00.000Z';
const LATER = '2026-06-01T13:00:00.000Z';
const EMPTY = newDriftRecord('north');
/** Everything was compared once, and there was nothing. */
const STARTED: DriftRecord = { ...EMPTY, foreignKnownSince: '2026-06-01T11:00:00.000Z' };
const ALICE: ChangeOrigin = {
  author: { name: 'alice', objectId: null, appId: null },
  at: '2026-06-01T11:59:00.000Z',
  correlationId: null,
};

function entryOf(id: string, key: string, contentHash = 'a', isIgnored = false): ForeignEntry {
  return { id, kind: 'thing', path: `properties.parts[${key}]`, description: key, contentHash, isIgnored };
}

const someEntries: fc.Arbitrary<readonly ForeignEntry[]> = fc
  .uniqueArray(
    fc.record({
      id: fc.constantFrom('/a', '/b', '/c'),
      key: fc.constantFrom('x', 'y', 'z'),
      content: fc.constantFrom('1', '2'),
      isIgnored: fc.boolean(),
    }),
    { selector: ({ id, key }) => `${id} ${key}` },
  )
  .map((drawn) => drawn.map(({ id, key, content, isIgnored }) => entryOf(id, key, content, isIgnored)));

function see(
  record: DriftRecord,
  foreign: readonly ForeignEntry[],
  over: Partial<ForeignSight> = {},
  origins: ReadonlyMap<string, ChangeOrigin> = new Map(),
) {
  const seen = seeForeign(
    record,
    { all: origins, sinceWritten: origins },
    {
      foreign,
      foreignStanding: () => 'gone',
      isUnderWay: () => false,
      looksForDrift: true,
      isWhole: true,
      operationId: 'north-2',
      nowIso: NOW,
      ...over,
    },
  );
  return { record: { ...record, ...seen.record }, news: seen.news };
}

describe('an entry around those of others that is no longer ours', () => {
  const inner = { ...entryOf('/a', 'ours'), path: 'properties.parts[ours].rules[theirs]' };
  const outer = entryOf('/a', 'ours', 'b');

  it('takes their place without any news, whoever compares', () => {
    const { record } = see(STARTED, [inner, entryOf('/b', 'ours')]);
    for (const looksForDrift of [true, false]) {
      const after = see(record, [outer, entryOf('/b', 'ours')], { looksForDrift });

      expect(after.news).toEqual([]);
      expect(after.record.foreignEntries.map(({ path }) => path)).toEqual([
        'properties.parts[ours]',
        'properties.parts[ours]',
      ]);
      expect(see(after.record, []).news.map(({ change }) => change)).toEqual(['gone', 'gone']);
    }
  });

  it('is not known while its resource is being written', () => {
    const { record } = see(STARTED, [inner]);
    const after = see(record, [outer], { isUnderWay: () => true, foreignStanding: () => 'unknown' });

    expect(after).toEqual({ record, news: [] });
  });
});

const told = ({ news }: ReturnType<typeof see>) =>
  news.map(({ change, id, entries, count }) => [change, id, entries.map(({ path }) => path), count]);

describe('entries of others that a comparison saw', () => {
  it('are the same without news after the same comparison, in any order', () => {
    fc.assert(
      fc.property(someEntries, someEntries, (first, second) => {
        const once = see(see(EMPTY, first).record, second);

        expect(see(once.record, second.toReversed())).toEqual({ record: once.record, news: [] });
      }),
    );
  });

  it('are all that are there and not ignored; what comes, changes and goes is told once', () => {
    fc.assert(
      fc.property(someEntries, someEntries, (first, second) => {
        const known = see(STARTED, first).record;
        const { record, news } = see(known, second);
        const keysOf = (entries: readonly Pick<ForeignEntry, 'id' | 'path'>[]) =>
          entries.map(({ id, path }) => `${id} ${path}`).sort();
        const toldAs = (change: string) =>
          keysOf(news.filter((one) => one.change === change).flatMap(({ entries }) => entries));
        const visible = second.filter(({ isIgnored }) => !isIgnored);
        const hidden = new Set(keysOf(second.filter(({ isIgnored }) => isIgnored)));
        const lost = keysOf(known.foreignEntries).filter((key) => hidden.has(key));

        expect(keysOf(record.foreignEntries)).toEqual(keysOf(visible));
        expect([...keysOf(known.foreignEntries), ...toldAs('found')].sort()).toEqual(
          [...keysOf(record.foreignEntries), ...toldAs('gone'), ...lost].sort(),
        );
      }),
    );
  });

  it('are told in one line the first time that everything is compared', () => {
    const many = Array.from({ length: 400 }, (_, at) => entryOf(`/r${at % 3}`, `e${at}`));
    const first = see(EMPTY, many);

    expect(first.news).toMatchObject([{ change: 'foundAtFirst', id: '', count: 400 }]);
    expect(first.record).toMatchObject({ foreignKnownSince: NOW });
    expect(first.record.foreignEntries).toHaveLength(400);
    expect(see(EMPTY, [])).toMatchObject({ record: { foreignKnownSince: NOW }, news: [] });
  });

  it('of an event before that are told by themselves, and not again', () => {
    const look = see(EMPTY, [entryOf('/a', 'x')], { isWhole: false });

    expect(told(look)).toEqual([['found', '/a', ['properties.parts[x]'], 1]]);
    expect(look.record.foreignKnownSince).toBeNull();
    expect(told(see(look.record, [entryOf('/a', 'x'), entryOf('/b', 'y')]))).toEqual([
      ['foundAtFirst', '', ['properties.parts[y]'], 1],
    ]);
  });

  it('are told by resource where there are many at once', () => {
    const many = Array.from({ length: MOST_SINGLE_NEWS + 1 }, (_, at) => entryOf(at === 0 ? '/b' : '/a', `e${at}`));

    expect(see(STARTED, many).news).toMatchObject([
      { change: 'found', id: '/a', count: MOST_SINGLE_NEWS },
      { change: 'found', id: '/b', count: 1 },
    ]);
    expect(see(STARTED, many.slice(1)).news).toHaveLength(MOST_SINGLE_NEWS);
  });

  it('are seen anew where their content is another one', () => {
    const { record } = see(STARTED, [entryOf('/a', 'x', 'one')], {}, new Map([['/a', ALICE]]));
    const again = see(record, [entryOf('/a', 'x', 'two')], { nowIso: LATER });

    expect(record.foreignEntries).toMatchObject([{ firstSeenAt: NOW, origin: ALICE }]);
    expect(told(again)).toEqual([['changed', '/a', ['properties.parts[x]'], 1]]);
    expect(again.record.foreignEntries).toMatchObject([{ firstSeenAt: LATER, contentHash: 'two', origin: null }]);
  });

  it('take the author from an event that comes late, not from one about a later change', () => {
    const { record } = see(STARTED, [entryOf('/a', 'x')]);
    const heard = (at: string) =>
      see(record, [entryOf('/a', 'x')], { nowIso: LATER }, new Map([['/a', { ...ALICE, at }]]));

    expect(heard(ALICE.at)).toMatchObject({ news: [], record: { foreignEntries: [{ origin: ALICE }] } });
    expect(heard(LATER)).toMatchObject({ news: [], record: { foreignEntries: [{ origin: null }] } });
  });

  it('stay known where their resource was not read, or is being written', () => {
    const { record } = see(STARTED, [entryOf('/a', 'x'), entryOf('/b', 'y')]);
    const look = see(record, [entryOf('/b', 'y'), entryOf('/b', 'z')], {
      isUnderWay: (id) => id === '/b',
      foreignStanding: () => 'unknown',
      isWhole: false,
      nowIso: LATER,
    });

    expect(look).toEqual({ record, news: [] });
  });

  it('are not looked for by a run that somebody asked for, which learns what has become of known ones', () => {
    const { record } = see(STARTED, [entryOf('/a', 'x'), entryOf('/a', 'y')]);
    const run = see(record, [entryOf('/a', 'y', 'other'), entryOf('/a', 'new')], {
      looksForDrift: false,
      foreignStanding: () => 'declared',
      nowIso: LATER,
    });

    expect(told(run)).toEqual([['declared', '/a', ['properties.parts[x]'], 1]]);
    expect(run.record.foreignEntries).toEqual(record.foreignEntries.slice(1));
    expect(see(EMPTY, [entryOf('/a', 'x')], { looksForDrift: false })).toEqual({ record: EMPTY, news: [] });
  });

  it('are remembered up to a bound, always the same; more than before are told as a number', () => {
    const many = Array.from({ length: MOST_FOREIGN_ENTRIES + 20 }, (_, at) => entryOf('/a', `e${at}`));
    const once = see(EMPTY, many);
    const twice = see(once.record, many.toReversed());
    const more = see(once.record, [...many, entryOf('/a', 'one more')]);

    expect(once.record).toMatchObject({ moreForeignCount: 20 });
    expect(once.record.foreignEntries).toHaveLength(MOST_FOREIGN_ENTRIES);
    expect(once.news).toMatchObject([{ count: MOST_FOREIGN_ENTRIES + 20 }]);
    expect(twice).toEqual({ record: once.record, news: [] });
    expect(told(more)).toEqual([['foundMore', '', [], 21]]);
    // A look at one resource adds none to a full list, and takes none away.
    const look = see(once.record, [entryOf('/b', 'x')], { isWhole: false, foreignStanding: () => 'unknown' });
    expect(look).toEqual({ record: once.record, news: [] });
  });
});
