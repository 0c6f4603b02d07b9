import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collide } from '../../../local/azure/lock-collision.ts';

const id = fc.constantFrom(
  '/s/rg/providers/Microsoft.Toy/boxes/a',
  '/s/rg/providers/Microsoft.Toy/boxes/A',
  '/s/rg/providers/Microsoft.Toy/boxes/ab',
  '/s/rg/providers/Microsoft.Toy/boxes/a/parts/p',
  '/s/rg/providers/Microsoft.Toy/boxes/a/providers/Microsoft.Toy/notes/n',
);
const lock = fc.record({ id, mode: fc.constantFrom('exclusive' as const, 'shared' as const) });

describe('collide', () => {
  it('does not depend on who came first, and never happens between readers', () => {
    fc.assert(
      fc.property(lock, lock, (one, other) => {
        expect(collide(one, other)).toBe(collide(other, one));
        if (one.mode === 'shared' && other.mode === 'shared') expect(collide(one, other)).toBe(false);
      }),
    );
  });

  it.each([
    ['/s/x/boxes/a', '/S/X/boxes/A', true],
    ['/s/x/boxes/a', '/s/x/boxes/a/parts/p', true],
    ['/s/x/boxes/a', '/s/x/boxes/ab', false],
    ['/s/x/boxes/a/parts/p', '/s/x/boxes/a/parts/q', false],
    ['/s/x/boxes/a', '/s/x/boxes/a/providers/Microsoft.Toy/notes/n', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(collide({ id: one, mode: 'exclusive' }, { id: other, mode: 'shared' })).toBe(expected);
  });
});
