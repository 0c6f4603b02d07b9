import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeHash } from '../../../lib/plan/hash.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { hashesDone, hashesMoved, lapsedUnused, usedUpOf, withUsedUp } from '../../../lib/reconcile/used-approvals.ts';
import type { Approval } from '../../../lib/state/baseline-head.ts';
import type { RunRow } from '../../../lib/state/run.ts';

const RUN: Parameters<typeof usedUpOf>[1] & { readonly operationId: string } = { operationId: 'north-1' };

function isoOf(minute: number): string {
  return new Date(Date.UTC(2026, 5, 1, 0, minute)).toISOString();
}

function approval(over: Partial<Approval> = {}): Approval {
  return {
    planHash: 'p',
    operationId: 'north-1',
    requestedBy: 'hubkeeper',
    requesters: ['hubkeeper'],
    requestedAt: isoOf(0),
    expiresAt: isoOf(100),
    changeHashes: ['a', 'b'],
    planKey: '1-a',
    ...over,
  };
}

function change(id: string, before: string): Change {
  return {
    id,
    kind: 'k',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [{ path: 'tags.team', before, after: 'network' }],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
  };
}

function row(id: string, name: 'done' | 'running' | 'pending', attempt = 1): RunRow {
  const state = name === 'running' ? { name, startedAtMs: 0, nextPollAtMs: 0 } : { name };
  return { id, state, attempt, writes: 1, changeHash: `hash of ${id}` };
}

describe('what is done', () => {
  it('is told once for each attempt', () => {
    const running = { '/a': row('/a', 'running'), '/b': row('/b', 'done') };
    const done = { '/a': row('/a', 'done'), '/b': row('/b', 'done') };

    expect(hashesDone(running, done)).toEqual(['hash of /a']);
    expect(hashesDone(done, done)).toEqual([]);
    expect(hashesDone(done, { '/a': row('/a', 'done', 2) })).toEqual(['hash of /a']);
  });
});

describe('what has moved', () => {
  const asked = [change('/a', 'other'), change('/b', 'other')];
  const run = { planHash: 'p', rows: {} };

  it('is nothing while the plan is the same', () => {
    expect(hashesMoved(run, asked, { hash: 'p', changes: asked, refused: [] })).toEqual([]);
  });

  it('is the plan, and each change that is another one or none', () => {
    const hashes = asked.map(changeHash);

    expect(hashesMoved(run, asked, { hash: 'q', changes: [change('/a', 'third')], refused: [] })).toEqual([
      'p',
      ...hashes,
    ]);
    expect(hashesMoved(run, asked, { hash: 'q', changes: asked.slice(1), refused: [] })).toEqual(['p', hashes[0]]);
  });

  it('is neither what is being written nor what only cannot be made just now', () => {
    const rows = { '/a': row('/a', 'running') };
    const refused = [{ id: '/B', code: 'StillNeeded', why: 'It is needed.' }];

    expect(hashesMoved({ planHash: 'p', rows }, asked, { hash: 'q', changes: [], refused })).toEqual(['p']);
  });
});

describe('an approval', () => {
  const moments = fc.array(
    fc.record({ minute: fc.integer({ min: 1, max: 50 }), hashes: fc.subarray(['p', 'a', 'b', 'c']) }),
    { maxLength: 8 },
  );

  it('is used up for exactly what was done or has moved since it was asked for', () => {
    fc.assert(
      fc.property(
        moments,
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 3 }),
        (all, minutes) => {
          const events = all.toSorted((one, other) => one.minute - other.minute);
          const approvals = minutes.map((minute) => approval({ requestedAt: isoOf(minute) }));
          let run: Parameters<typeof withUsedUp>[0] = RUN;
          for (const { minute, hashes } of events) run = withUsedUp(run, hashes, approvals, isoOf(minute));

          approvals.forEach((one, at) => {
            const since = events.filter(({ minute }) => minute > (minutes[at] ?? 0)).flatMap(({ hashes }) => hashes);
            expect(new Set(usedUpOf(one, run))).toEqual(new Set(since));
          });
        },
      ),
    );
  });

  it('of another operation keeps nothing in mind', () => {
    const other = approval({ operationId: 'north-0' });

    expect(withUsedUp(RUN, ['a'], [other], isoOf(5))).toBe(RUN);
    expect(withUsedUp({ ...RUN, usedUp: [{ hash: 'a', at: isoOf(1) }] }, [], [], isoOf(5)).usedUp).toEqual([]);
  });

  it('lapses unused where its time is over before all of it was done', () => {
    const given = approval({ decision: 'approve' });
    const done = (...hashes: readonly string[]) => ({
      ...RUN,
      usedUp: hashes.map((hash) => ({ hash, at: isoOf(5) })),
    });

    expect(lapsedUnused(done('a'), [given], isoOf(100))).toEqual([given]);
    expect(lapsedUnused(done('a', 'b'), [given], isoOf(100))).toEqual([]);
    expect(lapsedUnused(done('a'), [given], isoOf(99))).toEqual([]);
    expect(lapsedUnused(RUN, [approval(), approval({ decision: 'reject' })], isoOf(100))).toEqual([]);
  });
});
