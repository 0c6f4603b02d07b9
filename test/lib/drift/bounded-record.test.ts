import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type DriftRecord,
  MOST_DRIFTS,
  MOST_FOREIGN_ENTRIES,
  newDriftRecord,
} from '../../../lib/drift/drift-record.ts';
import { seeForeign } from '../../../lib/drift/see-foreign.ts';
import { changeOf, compared, entryOf, NOW, sightOf, verdictOf } from './arbitrary-sight.ts';

/** So many resources that three times as many may differ as are remembered. */
const RESOURCE_COUNT = 3 * MOST_DRIFTS;

/** One comparison: of everything or of a part of the resources, some of which differ. */
interface Look {
  readonly isWhole: boolean;
  readonly names: readonly string[];
  readonly differing: ReadonlySet<string>;
}

/** A range of resources that wraps around. */
const someNames: fc.Arbitrary<readonly string[]> = fc
  .record({ from: fc.nat(RESOURCE_COUNT - 1), count: fc.nat(RESOURCE_COUNT) })
  .map(({ from, count }) => Array.from({ length: count }, (_, at) => nameAt((from + at) % RESOURCE_COUNT)));

const someLooks: fc.Arbitrary<readonly Look[]> = fc.array(
  fc
    .record({ isWhole: fc.boolean(), looked: someNames, differing: someNames })
    .map(({ isWhole, looked, differing }) => ({
      isWhole,
      names: isWhole ? Array.from({ length: RESOURCE_COUNT }, (_, at) => nameAt(at)) : looked,
      differing: new Set(differing),
    })),
  { minLength: 1, maxLength: 5 },
);

function nameAt(at: number): string {
  return `r${String(at).padStart(5, '0')}`;
}

/** What one list of the record has, is told as gone, and counts beyond, after a look. */
interface After {
  readonly ids: readonly string[];
  readonly goneIds: readonly string[];
  readonly moreCount: number;
}

function expectHonest(
  before: readonly string[],
  { names, differing, isWhole }: Look,
  after: After,
  most: number,
): void {
  const looked = new Set(names.map((name) => `/${name}`));
  const differs = new Set(names.filter((name) => differing.has(name)).map((name) => `/${name}`));
  const kept = new Set(after.ids);
  expect(after.ids.length).toBeLessThanOrEqual(most);
  // What is not as declared was found so, or not looked at.
  expect(after.ids.filter((id) => looked.has(id) && !differs.has(id))).toEqual([]);
  expect(after.ids.filter((id) => !looked.has(id) && !before.includes(id))).toEqual([]);
  // What was known and is not known to be right is known still, and only the others are told as gone.
  const over = before.filter((id) => looked.has(id) && !differs.has(id));
  expect(after.goneIds).toEqual(over);
  expect(before.filter((id) => !kept.has(id))).toEqual(over);
  if (isWhole) expect(after.ids.length + after.moreCount).toBe(differs.size);
  if (after.ids.length < most && isWhole) expect(after.moreCount).toBe(0);
}

describe('however much differs, a record is bounded and tells no untruth', () => {
  const runs = { numRuns: 25 };

  it('of drifts', () => {
    fc.assert(
      fc.property(someLooks, (looks) => {
        let record: DriftRecord = newDriftRecord('north');
        for (const look of looks) {
          const { isWhole, names, differing } = look;
          const looked = new Set(names.map((name) => `/${name}`));
          const changes = names.filter((name) => differing.has(name)).map((name) => changeOf(name));
          const before = record.drifts.map(({ id }) => id);
          const sight = sightOf(changes, {
            isWhole,
            ledger: new Map(changes.map(({ id }) => [id, entryOf(id)])),
            standing: (id) => (looked.has(id) ? 'asDeclared' : 'unknown'),
          });
          const next = compared(record, sight, verdictOf({ isWhole }));
          record = next.record;

          const goneIds = next.news.flatMap((one) => (one.news === 'gone' ? [one.drift.id] : []));
          const after = { ids: record.drifts.map(({ id }) => id), goneIds, moreCount: record.moreDriftsCount };
          expectHonest(before, look, after, MOST_DRIFTS);
        }
      }),
      runs,
    );
  });

  it('of entries of others', () => {
    const path = 'properties.parts[theirs]';
    fc.assert(
      fc.property(someLooks, (looks) => {
        let record: DriftRecord = { ...newDriftRecord('north'), foreignKnownSince: NOW };
        for (const look of looks) {
          const { isWhole, names, differing } = look;
          const looked = new Set(names.map((name) => `/${name}`));
          const before = record.foreignEntries.map(({ id }) => id);
          const next = seeForeign(
            record,
            { all: new Map(), sinceWritten: new Map() },
            {
              foreign: names
                .filter((name) => differing.has(name))
                .map((name) => ({
                  id: `/${name}`,
                  kind: 'thing',
                  path,
                  description: '',
                  contentHash: 'a',
                  isIgnored: false,
                })),
              foreignStanding: ({ id }) => (looked.has(id) ? 'gone' : 'unknown'),
              isUnderWay: () => false,
              looksForDrift: true,
              isWhole,
              operationId: 'north-2',
              nowIso: NOW,
            },
          );
          record = { ...record, ...next.record };

          const goneIds = next.news.flatMap(({ change, entries }) =>
            change === 'gone' ? entries.map(({ id }) => id) : [],
          );
          const after = { ids: record.foreignEntries.map(({ id }) => id), goneIds, moreCount: record.moreForeignCount };
          expectHonest(before, look, after, MOST_FOREIGN_ENTRIES);
        }
      }),
      runs,
    );
  });

  it('of other changes that were told', () => {
    const refusals = (names: readonly string[]) =>
      names.map((name) => ({ id: `/${name}`, code: 'Protected', why: 'It is locked.' }));
    const all = Array.from({ length: RESOURCE_COUNT }, (_, at) => nameAt(at));
    const late = compared(newDriftRecord('north'), sightOf([]), verdictOf({ refused: refusals(all.slice(-400)) }));
    const more = compared(late.record, sightOf([]), verdictOf({ refused: refusals(all) }));
    const again = compared(more.record, sightOf([]), verdictOf({ refused: refusals(all.slice(-400)) }));

    expect(late.news).toHaveLength(400);
    expect(more.news).toHaveLength(MOST_DRIFTS - 400);
    expect(more.record.told).toHaveLength(MOST_DRIFTS);
    expect(again.news).toEqual([]);
  });
});
