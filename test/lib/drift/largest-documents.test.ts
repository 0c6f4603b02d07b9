import { describe, expect, it } from '@jest/globals';
import { withPutRights, withReversals } from '../../../lib/drift/contest.ts';
import {
  type ChangeOrigin,
  type Failing,
  MOST_CONTESTS,
  MOST_DRIFTS,
  MOST_FAILING,
  MOST_FOREIGN_ENTRIES,
  MOST_REJECTIONS,
  MOST_TOLD,
  MOST_UNMANAGED,
  newDriftRecord,
} from '../../../lib/drift/drift-record.ts';
import { newHead } from '../../../lib/state/baseline-head.ts';
import { type ChangeHint, NO_DRIFT_WATCH, withHints } from '../../../lib/state/drift-watch.ts';
import { changeOf, compared, entryOf, NOW, sightOf, verdictOf } from './arbitrary-sight.ts';

const MEGABYTE = 1_000_000;
/** Of each thing so many, and each as long as it comes; ids of accounts, apps and correlations are GUIDs. */
const COUNT = 10_000;
const numbers = Array.from({ length: COUNT }, (_, at) => at);

const GUID = '00000000-0000-4000-8000-000000000001';

/** A name of others: its characters take three bytes each. */
const name = (length: number) => '名'.repeat(length);
/** Azure's longest names in their longest groups come to 400 characters. */
const resourceAt = (at: number) => `${String(at).padStart(6, '0')}${'r'.repeat(394)}`;
const path = `properties.parts[${'p'.repeat(300)}].value`;
const origin: ChangeOrigin = {
  author: { name: name(200), objectId: GUID, appId: GUID },
  at: NOW,
  correlationId: GUID,
};
const hints = numbers.map((at): ChangeHint => ({ resource: `/${resourceAt(at)}`, action: 'write', ...origin }));

function bytesOf(document: unknown): number {
  return Buffer.byteLength(JSON.stringify(document));
}

describe('with ten thousand of everything', () => {
  it('the record of drift has 9.5 MB at most, and what a turn has to tell 6 MB', () => {
    const changes = numbers.map((at) =>
      changeOf(resourceAt(at), { diff: [{ path, before: name(1_000), after: name(1_000) }] }),
    );
    let { contests } = newDriftRecord('north');
    const fought = changes.slice(0, MOST_CONTESTS + 100);
    for (let round = 0; round < 4; round++) {
      const atIso = (second: number) => new Date(Date.parse(NOW) + (round * 60 + second) * 1_000).toISOString();
      const fixed = fought.map(({ id, kind }) => ({ id, kind, path, origin }));
      contests = withPutRights(contests, fixed, { at: atIso(0), operationId: 'north-123456' }, 1);
      ({ contests } = withReversals(contests, fixed, 'north-123456', atIso(30)));
    }
    const sight = sightOf(changes, {
      hints,
      ledger: new Map(changes.map(({ id }) => [id, entryOf(id)])),
      foreign: numbers.map((at) => ({
        id: `/${resourceAt(at)}`,
        kind: 'thing',
        path,
        description: name(300),
        contentHash: '0123456789abcdef',
        isIgnored: false,
      })),
      unmanaged: numbers.map((at) => ({ id: `/${resourceAt(at)}`, type: 'Microsoft.Network/virtualNetworks' })),
      rejected: numbers.map((at) => ({
        id: `/${resourceAt(at)}`,
        changeHash: String(at).padStart(64, '0'),
        specVersion: 1,
        by: name(100),
        at: NOW,
        comment: name(500),
      })),
    });
    const refused = numbers.map((at) => ({ id: `/other${resourceAt(at)}`, code: 'Protected', why: 'It is locked.' }));
    const waiting = changes.map(({ id }) => ({ id, for: 'hold', who: 'ann', untilIso: NOW, why: name(400) }) as const);

    const { record, news } = compared({ ...newDriftRecord('north'), contests }, sight, verdictOf({ refused, waiting }));

    expect(record.drifts).toHaveLength(MOST_DRIFTS);
    expect(record.moreDriftsCount).toBe(COUNT - MOST_DRIFTS);
    expect(record.contests).toHaveLength(MOST_CONTESTS);
    expect(record.rejections).toHaveLength(MOST_REJECTIONS);
    expect(record.unmanaged).toHaveLength(MOST_UNMANAGED);
    expect(record.unmanagedCount).toBe(COUNT);
    expect(record.foreignEntries).toHaveLength(MOST_FOREIGN_ENTRIES);
    expect(record.moreForeignCount).toBe(COUNT - MOST_FOREIGN_ENTRIES);
    expect(record.told).toHaveLength(MOST_TOLD);
    const failing = numbers.slice(0, MOST_FAILING).map(
      (at): Failing => ({
        id: `/${resourceAt(at)}`,
        changeHash: String(at).padStart(64, '0'),
        worldHash: String(at).padStart(64, '0'),
        specVersion: 1,
        count: 5,
        firstAt: NOW,
        lastAt: NOW,
        code: 'c'.repeat(100),
        message: name(400),
      }),
    );
    expect(bytesOf({ ...record, failing })).toBeLessThan(9.5 * MEGABYTE);
    expect(bytesOf(news)).toBeLessThan(6 * MEGABYTE);
    // Each becomes a line of the journal.
    expect(news.length).toBeLessThanOrEqual(MOST_DRIFTS + MOST_TOLD + 1);
  });

  it('what a baseline’s document has of resource events has 0.4 MB at most', () => {
    let driftWatch = NO_DRIFT_WATCH;
    for (let at = 0; at < COUNT; at += 1_000) {
      const events = hints
        .slice(at, at + 1_000)
        .map((hint, index) => ({ key: `${at + index}`.padStart(24, '0'), hint }));
      driftWatch = withHints(driftWatch, events, NOW);
    }
    const few = withHints(
      { ...driftWatch, pending: null },
      hints.slice(0, 200).map((hint, index) => ({ key: `k${index}`.padStart(24, '0'), hint })),
      NOW,
    );

    expect(driftWatch.pending?.hints).toBeNull();
    expect(few.pending?.hints).toHaveLength(200);
    expect(bytesOf({ ...newHead('north'), driftWatch: few })).toBeLessThan(0.4 * MEGABYTE);
  });
});
