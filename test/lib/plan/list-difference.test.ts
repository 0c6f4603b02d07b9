import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listDifference } from '../../../lib/plan/list-difference.ts';

const LONGEST = 100;

describe('the difference of two lists', () => {
  it('names what only one of them has, with how many each has', () => {
    expect(listDifference(['a', 'b', 'd'], ['b', 'c', 'a'], LONGEST)).toEqual({
      before: 'not declared: d (3 members)',
      after: 'missing: c (3 members)',
    });
    expect(listDifference(['a', 'b'], ['a'], LONGEST)).toEqual({
      before: 'not declared: b (2 members)',
      after: '1 member',
    });
    expect(listDifference([{ x: 1 }], [{ x: 2 }], LONGEST)?.before).toBe('not declared: {"x":1} (1 member)');
  });

  it('names the first place where only the order is another one', () => {
    expect(listDifference(['a', 'b', 'c'], ['a', 'c', 'b'], LONGEST)).toEqual({
      before: 'number 2: "b" (3 members)',
      after: 'number 2: "c" (3 members)',
    });
  });

  it('is none where one side is no list', () => {
    expect(listDifference(['a'], 'a', LONGEST)).toBeUndefined();
    expect(listDifference(undefined, ['a'], LONGEST)).toBeUndefined();
  });

  it('is never the same on both sides of different lists, and never much longer than asked for', () => {
    const lists = fc.array(fc.oneof(fc.nat(3), fc.constantFrom('1', '2'), fc.string({ maxLength: 300 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const texts = listDifference(before, after, LONGEST);

        const isSame = JSON.stringify(before) === JSON.stringify(after);
        if (!isSame) expect(texts?.before).not.toBe(texts?.after);
        expect(Math.max(texts?.before.length ?? 0, texts?.after.length ?? 0)).toBeLessThan(LONGEST + 60);
      }),
    );
  });
});
