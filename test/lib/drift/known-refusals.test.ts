import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newDriftRecord, refusalKey } from '../../../lib/drift/drift-record.ts';
import { knownRefusals } from '../../../lib/drift/known-refusals.ts';
import type { Refusal } from '../../../lib/plan/plan.ts';
import { changeOf, compared, sightOf, verdictOf } from './arbitrary-sight.ts';

const refusals: fc.Arbitrary<readonly Refusal[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('/a', '/b', '/c', '/d'), fc.constantFrom('Protected', 'WriterConflict')), {
    selector: ([id]) => id,
  })
  .map((drawn) => drawn.map(([id, code]) => ({ id, code, why: 'It is.' })));

/** The record after a comparison that had these refused, of drifts and of other changes alike. */
function recordAfter(refused: readonly Refusal[]) {
  const drifted = refused.filter(({ id }) => id < '/c').map(({ id }) => changeOf(id.slice(1)));
  return compared(newDriftRecord('north'), sightOf(drifted), verdictOf({ refused })).record;
}

const keysOf = (list: readonly Refusal[]) => list.map(refusalKey).sort();

describe('refusals that an earlier comparison has told', () => {
  it('are those of the same resource for the same reason, in any order', () => {
    fc.assert(
      fc.property(refusals, refusals, (before, now) => {
        const record = recordAfter(before);
        const told = new Set(keysOf(before));

        const known = knownRefusals(now, record, { refused: [] });
        expect(known).toEqual(keysOf(now).filter((key) => told.has(key)));
        expect(knownRefusals(now.toReversed(), record, { refused: [] })).toEqual(known);
      }),
    );
  });

  it('are no more of them when the same comparison plans again', () => {
    fc.assert(
      fc.property(refusals, refusals, (before, now) => {
        const first = { refused: now, knownRefusals: knownRefusals(now, recordAfter(before), { refused: [] }) };

        expect(knownRefusals(now, recordAfter(now), first)).toEqual(first.knownRefusals);
      }),
    );
  });
});
