import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compile } from '../../../lib/baseline/compile.ts';
import { kindOf } from '../../../lib/baseline/kinds/index.ts';
import { resolve } from '../../../lib/baseline/resolve.ts';
import { baselineSpec } from '../../../lib/baseline/spec.ts';
import { compare } from '../../../lib/plan/compare.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { ProblemError } from '../../../lib/problem.ts';
import { arbitrarySpec } from '../../support/arbitrary-spec.ts';
import { expectSoundGraph } from '../../support/sound-graph.ts';

const NOW = '2026-11-20T00:00:00Z';

describe('every valid spec', () => {
  it('compiles to a sound graph', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (input) => {
        expectSoundGraph(compile(resolve(baselineSpec.parse(input)), [], NOW));
      }),
      { numRuns: 150 },
    );
  });

  it('compiles to the same graph each time', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (input) => {
        const graph = () => compile(resolve(baselineSpec.parse(input)), [], NOW);

        expect(graph()).toEqual(graph());
      }),
      { numRuns: 25 },
    );
  });

  it('asks for nothing more of a resource that is as it was written', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (input) => {
        for (const node of compile(resolve(baselineSpec.parse(input)), [], NOW).nodes) {
          const { comparison } = kindOf(node.kind);
          const written = mergeForWrite(node.body, null, comparison, {});
          const found = compare(node.body, written, comparison, ownedFieldsOf(node, comparison));

          expect({ id: node.id, ...found }).toEqual({ id: node.id, differences: [], immutable: [], staying: [] });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('keeps the place of every subnet when another one is appended', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (input) => {
        const spec = baselineSpec.parse(input);
        const places = (candidate: typeof spec) =>
          new Map(
            resolve(candidate).networks.flatMap(({ subnets }) =>
              subnets.map(({ id, addressPrefixes }) => [id, addressPrefixes]),
            ),
          );
        const before = places(spec);
        const [first] = spec.spokes;
        fc.pre(first !== undefined);
        const more = {
          ...first,
          subnets: [
            ...first.subnets,
            {
              ...first.subnets[0],
              name: 'snet-appended',
              purpose: 'general',
              addressPrefix: undefined,
              prefixLength: 29,
            },
          ],
        };
        const grown = { ...spec, spokes: [more, ...spec.spokes.slice(1)] } as typeof spec;
        let after: ReadonlyMap<string, readonly string[]>;
        try {
          after = places(grown);
        } catch (error) {
          // No room is left in that network.
          fc.pre(!(error instanceof ProblemError));
          throw error;
        }

        for (const [id, place] of before) expect(after.get(id)).toEqual(place);
      }),
      { numRuns: 40 },
    );
  });
});
