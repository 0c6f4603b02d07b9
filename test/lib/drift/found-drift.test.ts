import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { propertyKey } from '../../../lib/drift/drift-record.ts';
import { foundDrifts } from '../../../lib/drift/found-drift.ts';
import type { Owner } from '../../../lib/plan/graph.ts';
import { changeOf, entryOf } from './arbitrary-sight.ts';

describe('an entry that is declared and not there', () => {
  const NAMES = ['p', 'q', 'r'] as const;
  const pathOf = (name: string) => `properties.parts[${name}]`;
  const owners = fc.uniqueArray(fc.constantFrom<Owner>('spec', 'adjustment'), { minLength: 1 });
  const names = fc.subarray([...NAMES], { minLength: 1 });

  it('is a drift where our last write had it, or where it is known as one; else nobody has taken it away', () => {
    fc.assert(
      fc.property(names, owners, fc.subarray([...NAMES]), fc.subarray([...NAMES]), fc.boolean(), (...drawn) => {
        const [absent, answering, written, knownNames, isPostponed] = drawn;
        const [owner = 'spec'] = answering;
        const diff = absent.map((name) => ({ path: pathOf(name), after: { name } }));
        const change = changeOf('a', { owner, diff, ...(answering.length > 1 ? { owners: answering } : {}) });
        const confirmed = Object.fromEntries(
          ['properties.x', ...written.map(pathOf)].map((path) => [path, 'spec' as const]),
        );
        const known = new Set(knownNames.map((name) => propertyKey({ id: '/a', path: pathOf(name) })));
        const ground = { ledger: new Map([['/a', entryOf('/a', { confirmed })]]), wasAsDeclared: () => true, known };
        const postponed = diff.map((one) => ({
          ...one,
          id: '/a',
          kind: 'thing',
          owner,
          takesAway: false,
          needsApproval: false,
        }));
        const found = isPostponed
          ? foundDrifts({ changes: [], refused: [] }, [], postponed, ground)
          : foundDrifts({ changes: [change], refused: [] }, [], [], ground);

        const isOfSpec = isPostponed ? owner === 'spec' : answering.includes('spec');
        const expected = absent.filter((name) => isOfSpec && (written.includes(name) || knownNames.includes(name)));
        expect(found.map(({ path }) => path)).toEqual(expected.map(pathOf));
      }),
    );
  });
});
