import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../lib/json.ts';
import { canonicalJson, changeHash, hashOf, planHash } from '../../../lib/plan/hash.ts';
import type { PropertyDifference } from '../../../lib/plan/kind.ts';

const json = fc.jsonValue() as fc.Arbitrary<Json>;

function shuffledKeys(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(shuffledKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffledKeys(member ?? null)]),
  );
}

function change(id: string, diff: readonly PropertyDifference[] = []) {
  return { id, action: 'update', diff } as const;
}

describe('hashes', () => {
  it('do not depend on the order of keys', () => {
    fc.assert(fc.property(json, (value) => expect(hashOf(shuffledKeys(value))).toBe(hashOf(value))));
  });

  it('read back as the same JSON', () => {
    fc.assert(
      fc.property(json, (value) => expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))),
    );
  });

  it('of a plan depend on neither the order of changes nor the case of ids nor anything but the changes', () => {
    const one = change('/A', [
      { path: 'x', before: 1, after: 2 },
      { path: 'y', after: null },
    ]);
    const two = change('/b');
    const reversed = { ...one, id: '/a', diff: one.diff.toReversed(), etag: 'W/"2"', estimatedMinutes: 9 };

    expect(planHash('3', [two, reversed])).toBe(planHash('3', [one, two]));
    expect(changeHash(reversed)).toBe(changeHash(one));
  });

  it.each([
    ['spec version', planHash('4', [change('/a')])],
    ['id', planHash('3', [change('/b')])],
    ['action', planHash('3', [{ ...change('/a'), action: 'delete' }])],
    ['path', planHash('3', [change('/a', [{ path: 'x' }])])],
    ['one more', planHash('3', [change('/a'), change('/b')])],
  ])('of a plan depend on %s', (_, hash) => {
    expect(hash).not.toBe(planHash('3', [change('/a')]));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tell before from after, and a value from none', () => {
    const hashes = [
      changeHash(change('/a', [{ path: 'x', before: 1 }])),
      changeHash(change('/a', [{ path: 'x', after: 1 }])),
      changeHash(change('/a', [{ path: 'x', after: null }])),
      changeHash(change('/a', [{ path: 'x' }])),
    ];

    expect(new Set(hashes).size).toBe(4);
  });
});
