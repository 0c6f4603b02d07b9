import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type Caused, causeGroups, dependentsText, namesText } from '../../../lib/cli/cause-groups.ts';

const item = (id: string, text: string, cause?: string): Caused => ({ id, text, cause });

describe('causeGroups', () => {
  it('names root causes first and counts what shares their fate', () => {
    const groups = causeGroups([
      item('/c', 'Because /b is refused.', '/B'),
      item('/a', 'Locked.'),
      item('/b', 'Because /a is refused.', '/a'),
      item('/d', 'Locked.'),
      item('/e', 'Because /gone is refused.', '/gone'),
    ]);

    expect(groups).toEqual([
      { text: 'Locked.', ids: ['/a', '/d'], dependents: ['/c', '/b'] },
      { text: 'Because /gone is refused.', ids: ['/e'], dependents: [] },
    ]);
    expect(groups.map(dependentsText)).toEqual(['and 2 that depend on them', '']);
  });

  it('loses nothing and tells nothing twice, whatever depends on what', () => {
    const ids = ['/a', '/b', '/c', '/d', '/e'];
    const items = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...ids),
        text: fc.constantFrom('x', 'y'),
        cause: fc.option(fc.constantFrom(...ids), { nil: undefined }),
      }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(items, (some) => {
        const told = causeGroups(some).flatMap((group) => [...group.ids, ...group.dependents]);

        expect([...told].sort()).toEqual(some.map(({ id }) => id).sort());
      }),
    );
  });
});

describe('namesText', () => {
  it('counts what is too much to name', () => {
    expect(namesText(['a'])).toBe('a');
    expect(namesText(['a', 'b', 'c', 'd'])).toBe('a, b, c and d');
    expect(namesText(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
    expect(namesText(['a', 'b', 'c', 'd', 'e'], true)).toBe('a, b, c, d and e');
  });
});
