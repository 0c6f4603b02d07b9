import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { idKey, isBelow, parseId } from '../../../local/azure/arm-path.ts';
import { Catalogue } from '../../../local/azure/catalogue.ts';
import { Documents } from '../../../local/azure/documents.ts';
import { ResourceTable } from '../../../local/azure/resource-table.ts';
import type { StoredResource } from '../../../local/azure/resource-type.ts';
import { toyTypes } from './support/toy-types.ts';

const catalogue = new Catalogue(toyTypes);
const toys = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Toy';
const boxes = ['a', 'b', 'ab'].map((name) => `${toys}/boxes/${name}`);
const parts = boxes.flatMap((box) => [`${box}/parts/p`, `${box}/parts/q`]);
const engines = ['x', 'y'].map((name) => `${toys}/engines/${name}`);

function resource(id: string, pointsAt: string | undefined): StoredResource {
  const parsed = parseId(id, catalogue);
  if (parsed === undefined) throw new Error(id);
  const body = pointsAt === undefined ? {} : { properties: { box: pointsAt } };
  return { id: parsed, body, etag: '', provisioningState: 'Succeeded', createdAtMs: 0, changedAtMs: 0 };
}

describe('ResourceTable', () => {
  it('finds by type, parent and reference what a search through everything would find', () => {
    const step = fc.record({
      remove: fc.boolean(),
      id: fc.constantFrom(...boxes, ...parts, ...engines),
      pointsAt: fc.option(fc.constantFrom(...boxes, ...parts.map((part) => part.toUpperCase())), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const table = new ResourceTable(new Documents(':memory:'), catalogue);
        for (const { remove, id, pointsAt } of steps) {
          if (remove) table.remove(id.toUpperCase());
          else table.put(resource(id, pointsAt));
        }
        const all = table.all();
        const ids = (found: readonly StoredResource[]): readonly string[] => found.map(({ id }) => id.id).sort();
        for (const type of toyTypes) {
          expect(ids(table.list(type.type.toUpperCase()))).toEqual(ids(all.filter(({ id }) => id.type === type.type)));
        }
        for (const box of boxes) {
          expect(ids(table.children(box))).toEqual(ids(all.filter(({ id }) => id.parentId === box)));
          expect(ids(table.below(box))).toEqual(ids(all.filter(({ id }) => isBelow(id.key, idKey(box)))));
          const pointing = (fits: (to: string) => boolean): readonly string[] =>
            ids(all.filter((one) => table.references(one).some(({ to }) => fits(idKey(to)))));
          expect(ids(table.referencedBy(box).map((one) => one.resource))).toEqual(pointing((to) => to === idKey(box)));
          expect(ids(table.referencedWithin(box).map((one) => one.resource))).toEqual(
            pointing((to) => to === idKey(box) || isBelow(to, idKey(box))),
          );
        }
      }),
    );
  });
});
