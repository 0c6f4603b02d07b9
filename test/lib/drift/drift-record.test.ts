import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withPutRights } from '../../../lib/drift/contest.ts';
import type { DriftVerdict } from '../../../lib/drift/decide-drifts.ts';
import { type Drift, MOST_DRIFTS, newDriftRecord } from '../../../lib/drift/drift-record.ts';
import { settleDrifts } from '../../../lib/drift/settle-drifts.ts';
import type { ChangeHint } from '../../../lib/state/drift-watch.ts';
import { changeOf, compared, entryOf, NOW, sightOf, someChanges, verdictOf } from './arbitrary-sight.ts';

const EMPTY = newDriftRecord('north');
const LATER = '2026-06-01T13:00:00.000Z';
const SETTLED = { isUnattended: () => true, operationId: 'north-2', specVersion: 1, nowIso: NOW };

/** A verdict that refuses or delays some of the changes. */
const someVerdict: fc.Arbitrary<DriftVerdict> = fc
  .record({ refused: fc.subarray(['/a', '/b', '/c', '/d']), waiting: fc.subarray(['/a', '/b', '/c', '/d']) })
  .map(({ refused, waiting }) =>
    verdictOf({
      refused: refused.map((id) => ({ id, code: 'Protected', why: 'It is locked.' })),
      waiting: waiting.map((id) => ({ id, for: 'hold', who: 'ann', untilIso: null, why: 'It is held.' })),
    }),
  );

describe('the record of drift', () => {
  it('after the same comparison is the same, and there is no news', () => {
    fc.assert(
      fc.property(someChanges, someVerdict, (changes, verdict) => {
        const once = compared(EMPTY, sightOf(changes), verdict);
        const twice = compared(once.record, sightOf(changes), verdict);

        expect(twice).toEqual({ record: once.record, news: [] });
      }),
    );
  });

  it('does not depend on the order of changes, refusals and hints', () => {
    const hints = fc.array(
      fc.record<ChangeHint>({
        resource: fc.constantFrom('/a', '/A', '/b'),
        action: fc.constant('write'),
        at: fc.constantFrom(NOW, LATER),
        author: fc.option(fc.record({ name: fc.string(), objectId: fc.constant(null), appId: fc.constant(null) })),
        correlationId: fc.option(fc.string()),
      }),
    );
    fc.assert(
      fc.property(someChanges, someVerdict, hints, (changes, verdict, told) => {
        const backwards = { ...verdict, refused: verdict.refused.toReversed(), waiting: verdict.waiting.toReversed() };

        expect(compared(EMPTY, sightOf(changes.toReversed(), { hints: told.toReversed() }), backwards).record).toEqual(
          compared(EMPTY, sightOf(changes, { hints: told }), verdict).record,
        );
      }),
    );
  });

  it('names nobody whose change is from before our last write, or of another value from before the last sight', () => {
    const times = ['2026-04-01T00:00:00.000Z', '2026-06-01T11:00:00.000Z', '2026-06-01T12:30:00.000Z'];
    const hints = fc
      .array(fc.record({ resource: fc.constantFrom('/a', '/b', '/c', '/d'), at: fc.constantFrom(...times) }))
      .map((drawn) => drawn.map((one): ChangeHint => ({ ...one, action: 'write', author: null, correlationId: null })));
    fc.assert(
      fc.property(someChanges, hints, someChanges, hints, (first, early, second, late) => {
        const before = compared(EMPTY, sightOf(first, { hints: early })).record;
        const { drifts } = compared(before, sightOf(second, { hints: late, nowIso: LATER })).record;

        for (const { id, path, before: value, origin } of drifts) {
          if (origin === null) continue;
          const known = before.drifts.find((one) => one.id === id && one.path === path);
          const isOther = known !== undefined && known.before !== value;
          expect(origin.at > (isOther ? known.lastSeenAt : entryOf(id).at)).toBe(true);
        }
      }),
    );
  });

  it('does not take the author of a later change for that of a value seen before', () => {
    const hint: ChangeHint = { resource: '/a', action: 'write', at: LATER, author: null, correlationId: 'c-1' };
    const { record } = compared(EMPTY, sightOf([changeOf('a')]));

    expect(compared(record, sightOf([changeOf('a')], { hints: [hint], nowIso: LATER })).news).toEqual([]);
  });

  it('has every drift that was seen, and only those', () => {
    fc.assert(
      fc.property(someChanges, someChanges, (first, second) => {
        const known = compared(EMPTY, sightOf(first)).record;
        const { record, news } = compared(known, sightOf(second));
        const keysOf = (drifts: readonly Pick<Drift, 'id' | 'path'>[]) => drifts.map(({ id, path }) => `${id} ${path}`);
        const wanted = second.flatMap(({ id, action, diff }) =>
          action === 'create' ? [{ id, path: '' }] : diff.map(({ path }) => ({ id, path })),
        );
        const told = (what: string) => news.flatMap((one) => (one.news === what && 'drift' in one ? [one.drift] : []));

        expect(keysOf(record.drifts)).toEqual(keysOf(wanted).sort());
        expect([...keysOf(known.drifts), ...keysOf(told('found'))].sort()).toEqual(
          [...keysOf(record.drifts), ...keysOf(told('gone'))].sort(),
        );
      }),
    );
  });

  it('forgets nothing of what was not looked at', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const known = compared(EMPTY, sightOf(changes)).record;
        const look = sightOf([], { standing: () => 'unknown', isWhole: false, nowIso: LATER });

        expect(compared(known, look, verdictOf({ isWhole: false })).record.drifts).toEqual(known.drifts);
      }),
    );
  });

  it('keeps what a write under way, a later plan or a refusal of the whole resource says nothing of', () => {
    const known = compared(EMPTY, sightOf([changeOf('a')])).record;
    const refused = [{ id: '/A', code: 'DependsOnRefused', why: 'Its base is refused.' }];
    const part = [{ id: '/a', code: 'DriftReported', why: 'A rule.' }];
    const left = (sight: Parameters<typeof compared>[1]) => compared(known, sight).record.drifts.length;

    expect(left(sightOf([changeOf('a')], { isUnderWay: () => true, standing: () => 'unknown' }))).toBe(1);
    expect(left(sightOf([], { standing: () => 'unknown' }))).toBe(1);
    expect(left(sightOf([], { plan: { changes: [], refused } }))).toBe(1);
    expect(left(sightOf([], { plan: { changes: [], refused: part } }))).toBe(0);
    expect(left(sightOf([]))).toBe(0);
  });

  it('tells what cannot be changed back', () => {
    const diff = [{ path: 'properties.zone', before: 1, after: 2 }];
    const refused = [{ id: '/a', code: 'ImmutableProperty', why: 'It cannot change in place.', diff }];
    const sight = sightOf([], { plan: { changes: [], refused }, ledger: new Map([['/a', entryOf('/a')]]) });

    expect(compared(EMPTY, sight, verdictOf({ unplanned: refused })).record.drifts).toMatchObject([
      { path: 'properties.zone', before: 1, after: 2, state: 'refused', code: 'ImmutableProperty' },
    ]);
  });

  it('remembers a bounded number, always the same ones, and tells how many more there are', () => {
    const many = Array.from({ length: MOST_DRIFTS + 20 }, (_, at) => changeOf(`r${at}`));
    const once = compared(EMPTY, sightOf(many));
    const twice = compared(once.record, sightOf(many.toReversed()));

    expect(once.record.drifts).toHaveLength(MOST_DRIFTS);
    expect(once.record.moreDriftsCount).toBe(20);
    expect(once.news).toHaveLength(MOST_DRIFTS);
    expect(twice).toEqual({ record: once.record, news: [] });
  });

  it('keeps long values short', () => {
    const change = changeOf('a', { diff: [{ path: 'properties.x', before: 'x'.repeat(10_000), after: 1 }] });

    expect(JSON.stringify(compared(EMPTY, sightOf([change])).record.drifts).length).toBeLessThan(2_000);
  });
});

describe('a drift in a long value', () => {
  const declared = Array.from({ length: 60 }, (_, at) => `192.0.2.${at + 100}`);
  const found = (before: readonly string[]) =>
    changeOf('a', { diff: [{ path: 'properties.x', before: [...before], after: declared }] });

  it('of a list names what is missing and what is more', () => {
    const change = found([...declared.slice(0, -1), '203.0.113.66']);

    expect(compared(EMPTY, sightOf([change])).record.drifts).toMatchObject([
      { before: 'not declared: 203.0.113.66 (60 members)', after: 'missing: 192.0.2.159 (60 members)' },
    ]);
  });

  it('of a text shows where it begins to differ', () => {
    const texts = { before: `${'x'.repeat(9_000)}theirs`, after: `${'x'.repeat(9_000)}ours` };
    const change = changeOf('a', { diff: [{ path: 'properties.x', ...texts }] });
    const [drift] = compared(EMPTY, sightOf([change])).record.drifts;

    expect([drift?.before, drift?.after]).toEqual([
      expect.stringMatching(/^…x+theirs"$/),
      expect.stringMatching(/^…x+ours"$/),
    ]);
  });

  it('never shows the same on both sides, and is news again exactly when another value is found', () => {
    const lists = fc.subarray(declared, { minLength: 40, maxLength: 59 });
    fc.assert(
      fc.property(lists, lists, (first, second) => {
        const { record } = compared(EMPTY, sightOf([found(first)]));
        const again = compared(record, sightOf([found(second)]));

        for (const { before, after } of again.record.drifts) expect(before).not.toEqual(after);
        const isOther = JSON.stringify(first) !== JSON.stringify(second);
        expect(again.news.map(({ news }) => news)).toEqual(isOther ? ['changedAgain'] : []);
      }),
    );
  });
});

describe('what is no drift', () => {
  const found = (change: Parameters<typeof sightOf>[0][number], over: Parameters<typeof sightOf>[1] = {}) =>
    compared(EMPTY, sightOf([change], over)).record.drifts.map(({ path }) => path);
  const owned = (owner: 'spec' | 'adjustment') => ({
    ledger: new Map([['/a', entryOf('/a', { confirmed: { 'properties.x': owner } })]]),
  });

  it.each([
    ['a new resource', changeOf('a', { action: 'create' }), {}],
    ['what is no longer declared', changeOf('a', { action: 'delete' }), {}],
    ['a copy of what another resource has', changeOf('a', { copies: ['properties.x'] }), {}],
    ['an entry that the spec has dropped', changeOf('a', { takesAway: ['properties.x'] }), {}],
    ['what differs from a spec that is not brought about', changeOf('a'), { wasAsDeclared: () => false }],
    ['what Hubkeeper is writing', changeOf('a'), { ledger: new Map([['/a', entryOf('/a', { state: 'intended' })]]) }],
    ['what was never written', changeOf('a'), { ledger: new Map() }],
    ['a new adjustment', changeOf('a', { owner: 'adjustment' }), owned('spec')],
    ['the end of an adjustment', changeOf('a', { diff: [{ path: 'properties.x', before: 1 }] }), owned('adjustment')],
  ])('%s', (_, change, over) => {
    expect(found(change, over)).toEqual([]);
  });

  it.each([
    ['a property changed', changeOf('a'), {}],
    ['an adjusted property changed', changeOf('a', { owner: 'adjustment' }), owned('adjustment')],
  ])('is told from %s', (_, change, over) => {
    expect(found(change, over)).toEqual(['properties.x']);
  });

  it('and a run that somebody asked for finds what is one, and is no scan', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const scanned = compared(EMPTY, sightOf(changes));
        const asked = compared(EMPTY, sightOf(changes, { looksForDrift: false }));

        expect(asked.record.drifts).toEqual(scanned.record.drifts);
        expect(asked.news).toEqual(scanned.news);
        expect(asked.record).toMatchObject({ lastScan: null, lastLook: null });
      }),
    );
  });
});

describe('a drift whose resource was written', () => {
  it('is over, and is remembered as put right only without a person', () => {
    fc.assert(
      fc.property(someChanges, fc.boolean(), fc.boolean(), (changes, unattended, wrote) => {
        const { record } = compared(EMPTY, sightOf(changes));
        const ended = changes.map((change) => ({ change, end: 'done', code: '', why: '', wrote }) as const);
        const settled = settleDrifts(record, ended, { ...SETTLED, isUnattended: () => unattended });

        expect(settled.record.drifts).toEqual([]);
        expect(settled.right).toEqual(record.drifts);
        expect(settled.record.contests).toHaveLength(unattended && wrote ? record.drifts.length : 0);
        expect(settleDrifts(settled.record, ended, { ...SETTLED, isUnattended: () => unattended }).record).toEqual(
          settled.record,
        );
      }),
    );
  });

  it('stays with the reason when the write failed', () => {
    const { record } = compared(EMPTY, sightOf([changeOf('a')]));
    const ended = [{ change: changeOf('a'), end: 'failed', code: 'Http409', why: 'Locked.', wrote: false }] as const;

    expect(settleDrifts(record, ended, SETTLED).record.drifts).toMatchObject([{ state: 'failed', code: 'Http409' }]);
  });

  it('counts as a failure in a row only without a person, of the spec, and where it failed itself', () => {
    const tried = { changeHash: 'h', worldHash: 'w' };
    const failed = { change: changeOf('a'), end: 'failed', code: 'Http409', why: 'Locked.', wrote: false } as const;
    const adjusted = { ...failed, change: changeOf('a', { owner: 'adjustment' }), tried };
    const countOf = (one: typeof failed & { readonly tried?: typeof tried }, unattended = true) =>
      settleDrifts(EMPTY, [one], { ...SETTLED, isUnattended: () => unattended }).record.failing.length;

    expect([countOf({ ...failed, tried }), countOf({ ...failed, tried }, false)]).toEqual([1, 0]);
    expect([countOf(failed), countOf(adjusted)]).toEqual([0, 0]);
  });
});

describe('what becomes of a drift', () => {
  const kept = (policy: 'report' | 'ignore' | 'contested') =>
    ({ id: '/a', kind: 'thing', path: 'properties.x', before: 1, after: 2, policy, why: 'The rule says so.' }) as const;
  const wait = (what: 'approval' | 'hold') =>
    ({ id: '/a', for: what, who: 'x', untilIso: null, why: 'Because.' }) as const;

  it.each([
    ['enforce', 'puttingRight', verdictOf()],
    ['approve', 'waiting', verdictOf({ waiting: [wait('approval')] })],
    ['enforce', 'waiting', verdictOf({ waiting: [wait('hold')] })],
    ['report', 'reported', verdictOf({ refused: [{ id: '/a', code: 'ReactionModeForbids', why: 'Off.' }] })],
    ['enforce', 'refused', verdictOf({ refused: [{ id: '/a', code: 'WriterConflict', why: 'Fight.' }] })],
    ['report', 'reported', verdictOf({ refused: [{ id: '/a', code: 'DriftReported', why: 'A rule.' }] })],
    ['ignore', 'ignored', verdictOf({ refused: [{ id: '/a', code: 'DriftIgnored', why: 'A rule.' }] })],
    // Refusals of a part of a resource, whose other part is written.
    ['enforce', 'puttingRight', verdictOf({ unplanned: [{ id: '/a', code: 'DriftReported', why: 'A rule.' }] })],
    ['enforce', 'puttingRight', verdictOf({ unplanned: [{ id: '/a', code: 'ModeForbidsDelete', why: 'Mode.' }] })],
    ['enforce', 'failed', verdictOf({ failed: new Map([['/a', { code: 'X', message: 'No.' }]]) })],
  ])('is %s, %s', (policy, state, verdict) => {
    expect(compared(EMPTY, sightOf([changeOf('a')]), verdict).record.drifts).toMatchObject([{ policy, state }]);
  });

  it.each([
    ['report', 'reported', 1],
    ['ignore', 'ignored', 0],
  ] as const)('follows a policy that keeps it: %s', (policy, state, lines) => {
    const sight = sightOf([], { kept: [kept(policy)], ledger: new Map([['/a', entryOf('/a')]]) });
    const { record, news } = compared(EMPTY, sight, verdictOf({ kept: [kept(policy)] }));

    expect(record.drifts).toMatchObject([{ policy, state, why: 'The rule says so.' }]);
    expect(news).toHaveLength(lines);
  });

  it('waits for the rest of its resource while a later plan has it', () => {
    const later = { id: '/a', kind: 'thing', path: 'properties.x', before: 1, after: 2, needsApproval: true };
    const decided = (over: { readonly owner: 'spec' | 'adjustment'; readonly takesAway: boolean }) => {
      const postponed = [{ ...later, ...over }];
      const sight = sightOf([], { postponed, ledger: new Map([['/a', entryOf('/a')]]) });
      return compared(EMPTY, sight, verdictOf({ postponed, waiting: [wait('hold')] })).record.drifts;
    };

    expect(decided({ owner: 'spec', takesAway: false })).toMatchObject([
      { path: 'properties.x', before: 1, policy: 'approve', state: 'waiting', code: 'rest' },
    ]);
    expect(decided({ owner: 'spec', takesAway: true })).toEqual([]);
    expect(decided({ owner: 'adjustment', takesAway: false })).toEqual([]);
  });

  it('is a refusal where it is left to another writer, who has changed it back once more', () => {
    const putRight = { at: NOW, operationId: 'north-2' };
    const contests = withPutRights([], [{ id: '/a', kind: 'thing', path: 'properties.x' }], putRight, 1);
    const seen = (policy: 'report' | 'contested') => {
      const wasAsDeclared = () => policy === 'report';
      const sight = sightOf([], {
        kept: [kept(policy)],
        nowIso: LATER,
        wasAsDeclared,
        ledger: new Map([['/a', entryOf('/a')]]),
      });
      return compared({ ...EMPTY, contests }, sight, verdictOf({ kept: [kept(policy)] })).record;
    };

    expect(seen('contested')).toMatchObject({
      drifts: [{ policy: 'enforce', state: 'refused', code: 'WriterConflict', why: 'The rule says so.' }],
      contests: [{ ours: [{}], theirs: [{}] }],
    });
    // What Hubkeeper only tells of by a rule, nobody takes from it.
    expect(seen('report').contests).toEqual(contests);
  });

  it('is news when it is decided otherwise, and only then', () => {
    const held = verdictOf({ waiting: [wait('hold')] });
    const first = compared(EMPTY, sightOf([changeOf('a')]));
    const second = compared(first.record, sightOf([changeOf('a')]), held);
    const third = compared(second.record, sightOf([changeOf('a')]), held);

    expect(second.news).toMatchObject([{ news: 'decided', drift: { state: 'waiting', code: 'hold' } }]);
    expect(third.news).toEqual([]);
  });

  it('is told of other changes once as well', () => {
    const verdict = verdictOf({ refused: [{ id: '/z', code: 'ModeForbidsDelete', why: 'No.' }] });
    const first = compared(EMPTY, sightOf([]), verdict);

    expect(first.news).toMatchObject([{ news: 'other', id: '/z', decision: 'refused' }]);
    expect(compared(first.record, sightOf([]), verdict).news).toEqual([]);
    expect(compared(compared(first.record, sightOf([])).record, sightOf([]), verdict).news).toHaveLength(1);
  });

  it('is not told of what is being written: a hold that comes meanwhile is about the rest', () => {
    const verdict = verdictOf({ waiting: ['/a', '/z'].map((id) => ({ ...wait('hold'), id })) });
    const isUnderWay = (id: string) => id === '/a';
    const { news } = compared(EMPTY, sightOf([changeOf('a')], { isUnderWay }), { ...verdict, isUnderWay });

    expect(news).toMatchObject([{ news: 'other', id: '/z', decision: 'waiting' }]);
  });
});
