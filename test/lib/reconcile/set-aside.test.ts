import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Verdict, Waiting } from '../../../lib/plan/guard.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { setAsideOf, toldVerdict, withoutWaits, withoutWaitsNotAskedFor } from '../../../lib/reconcile/set-aside.ts';
import type { RunDocument } from '../../../lib/state/run.ts';

const SET_ASIDE = { operationId: 'base-7', requestedBy: 'ann' };

describe('a run that steps in', () => {
  const verdicts: fc.Arbitrary<Verdict> = fc
    .array(
      fc.record({
        fate: fc.constantFrom('allowed', 'refused', 'waiting'),
        for: fc.constantFrom<Waiting['for']>('approval', 'hold', 'changeWindow', 'pause', 'budget', 'backOff'),
        untilIso: fc.constantFrom(null, '2026-06-01T12:00:00.000Z'),
      }),
      { maxLength: 10 },
    )
    .map((fates) => {
      const ids = (fate: string) => fates.flatMap((one, at) => (one.fate === fate ? [{ ...one, id: `/R${at}` }] : []));
      return {
        allowed: ids('allowed').map(({ id }) => id),
        refused: ids('refused').map(({ id }) => ({ id, code: 'Protected', why: 'It is locked.' })),
        waiting: ids('waiting').map(({ id, for: what, untilIso }) => ({
          ...{ id, for: what, untilIso },
          ...{ who: 'somebody', why: 'It waits.' },
        })),
        budgeted: [],
      };
    });

  it('waits for nobody, allows no more, and leaves each change one fate', () => {
    fc.assert(
      fc.property(verdicts, (before) => {
        const { verdict, behind } = withoutWaits(before, SET_ASIDE, new Set());

        expect(verdict.waiting.every((one) => one.for === 'backOff')).toBe(true);
        expect(verdict.allowed).toEqual(before.allowed);
        const all = ({ allowed, refused, waiting }: Verdict) =>
          [...allowed, ...[...refused, ...waiting].map(({ id }) => id)].sort();
        expect(all(verdict)).toEqual(all(before));
        const left = verdict.refused.filter(({ code }) => code === 'WaitsBehindOperation');
        expect(left.map(({ id }) => id)).toEqual(behind.map(({ id }) => id));
        for (const { why } of left)
          expect(why).toBe('It waits. It is left until the operation base-7 of ann, which waits, is over.');
      }),
    );
  });

  it('waits with what it is there for, as the guard said, and with nothing else', () => {
    const owned = fc.uniqueArray(fc.nat(9).map((at) => `/r${at}`));
    fc.assert(
      fc.property(verdicts, owned, (before, own) => {
        const { verdict, behind } = withoutWaits(before, SET_ASIDE, new Set(own));
        const isOwn = ({ id }: Pick<Waiting, 'id'>) => own.includes(id.toLowerCase());

        expect(verdict.waiting).toEqual(before.waiting.filter((one) => isOwn(one) || one.for === 'backOff'));
        expect(verdict.allowed).toEqual(before.allowed);
        expect(behind.filter(isOwn)).toEqual([]);
      }),
    );
  });

  it('asks for no more than a person’s run does, which leaves of what nobody asked for all waits but those for an approval', () => {
    fc.assert(
      fc.property(verdicts, fc.subarray(['/r0', '/r1', '/r2', '/r3']), (before, ids) => {
        const { verdict, behind } = withoutWaitsNotAskedFor(before, ids);
        const isLeft = (one: Waiting) => ids.includes(one.id.toLowerCase()) && one.for !== 'approval';

        expect(verdict.waiting).toEqual(before.waiting.filter((one) => !isLeft(one)));
        expect(verdict.allowed).toEqual(before.allowed);
        expect(verdict.refused.slice(before.refused.length).map(({ id, code }) => [id, code])).toEqual(
          before.waiting.filter(isLeft).map(({ id }) => [id, 'LeftToNextLook']),
        );
        const told = toldVerdict(verdict, behind);
        expect(told.refused).toEqual(before.refused);
        expect(told.waiting.map(({ id }) => id).sort()).toEqual(before.waiting.map(({ id }) => id).sort());
      }),
    );
  });

  it('is told of as if it waited, each change once', () => {
    fc.assert(
      fc.property(verdicts, (before) => {
        const { verdict, behind } = withoutWaits(before, SET_ASIDE, new Set());
        const told = toldVerdict(verdict, behind);

        expect(told.refused).toEqual(before.refused);
        const waits = (one: Pick<Waiting, 'id' | 'for'>) => `${one.id} ${one.for}`;
        expect(told.waiting.map(waits).sort()).toEqual(before.waiting.map(waits).sort());
      }),
    );
  });
});

describe('what an operation that waits has yet to do', () => {
  const change = (id: string) => ({ id, action: 'update', diff: [] }) as unknown as Change;
  const run = (over: Partial<RunDocument> = {}) =>
    ({ ...SET_ASIDE, specVersion: 2, refused: [{ id: '/C', code: 'x', why: '' }], rows: {}, ...over }) as RunDocument;
  const document = { plan: { hash: '', changes: [change('/A'), change('/B')], criticalPathMinutes: 0, refused: [] } };

  it.each([
    ['waiting', ['/A', '/B']],
    ['pending', ['/A', '/B']],
    ['done', ['/A']],
    // It does not try these again: left to it, nobody would.
    ['failed', ['/A']],
    ['blocked', ['/A']],
  ])('is what of its plan it may still make: not what is %s', (name, left) => {
    const rows = { '/a': { id: '/a', state: { name: 'waiting' } }, '/b': { id: '/b', state: { name } } };
    const setAside = setAsideOf(run({ rows: rows as unknown as RunDocument['rows'] }), document);

    expect(setAside.left).toEqual({ operationId: 'base-7', changes: left.map(change) });
    expect(setAside.refusedIds).toEqual(new Set(['/c']));
  });

  it('is joined by what needs an approval only where it looks for drift in everything', () => {
    const scan = { trigger: 'drift', attended: false } as const;
    expect(setAsideOf(run(scan), document).asksForDrift).toBe(true);
    expect(setAsideOf(run({ ...scan, scope: 'hub' }), document).asksForDrift).toBe(false);
    expect(setAsideOf(run({ trigger: 'put', attended: true }), document).asksForDrift).toBe(false);
    expect(setAsideOf(run({ trigger: 'adjustment', attended: false }), document).asksForDrift).toBe(false);
  });

  it('is known of everything only where it compared everything', () => {
    expect(setAsideOf(run(), document).comparedVersion).toBe(2);
    expect(setAsideOf(run({ scope: 'hub' }), document).comparedVersion).toBeNull();
    expect(setAsideOf(run({ hints: [] }), document).comparedVersion).toBeNull();
    expect(setAsideOf(run(), undefined)).toMatchObject({ comparedVersion: null, left: { changes: [] } });
  });
});
