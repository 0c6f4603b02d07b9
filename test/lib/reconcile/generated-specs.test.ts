import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolve } from '../../../lib/baseline/resolve.ts';
import { baselineSpec } from '../../../lib/baseline/spec.ts';
import { WorldInMemory } from '../../support/applied-plan.ts';
import { arbitrarySpec } from '../../support/arbitrary-spec.ts';

describe('every valid spec', () => {
  it('leaves nothing to do after its plan was applied, and nothing of others lost', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const world = new WorldInMemory(resolve(baselineSpec.parse(spec)));
        const declared = world.graph.nodes.filter(({ presence }) => presence === 'create').map(({ id }) => id);

        const first = world.plan();
        world.apply(first);
        const second = world.plan();

        expect(first.refused).toEqual([]);
        expect(
          first.changes
            .filter(({ action }) => action === 'create')
            .map(({ id }) => id)
            .sort(),
        ).toEqual(declared.toSorted());
        expect(second).toMatchObject({ changes: [], refused: [] });
        for (const { id, kind, presence } of world.graph.nodes) {
          if (kind !== 'virtualNetwork' || presence !== 'adopt') continue;
          expect(JSON.stringify(world.bodyOf(id))).toMatch(/"theirs":"stays".*snet-theirs/);
        }
      }),
      { numRuns: 1_000 },
    );
  }, 300_000);
});
