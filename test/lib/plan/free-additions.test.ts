import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type FreeAddition, isFreeAddition } from '../../../lib/plan/free-additions.ts';
import type { Change } from '../../../lib/plan/plan.ts';

describe('isFreeAddition', () => {
  const addition: FreeAddition = {
    owners: ['adjustment'],
    scope: 's',
    kind: 'k',
    action: 'update',
    path: 'properties.a',
  };
  const free: Change = {
    id: '/a',
    kind: 'k',
    action: 'update',
    risk: 'safe',
    owner: 'adjustment',
    reason: 'r',
    diff: [{ path: 'properties.a[x]', after: 1 }],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 's',
  };
  const spoilt: fc.Arbitrary<Partial<Change>> = fc.constantFrom(
    { owner: 'spec' },
    { owners: ['adjustment', 'spec'] },
    { scope: 's:x' },
    { kind: 'l' },
    { action: 'create' },
    { action: 'delete' },
    { recreates: true },
    { diff: [...free.diff, { path: 'properties.a[y]', before: 1, after: 2 }] },
    { diff: [{ path: 'properties.a[y]', before: 1 }, ...free.diff] },
    { diff: [...free.diff, { path: 'properties.ab', after: 1 }] },
    { diff: [...free.diff, { path: 'properties', after: {} }] },
  );

  it('lets additions through, however many and whatever their risk', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(names, fc.constantFrom('safe', 'disruptive', 'destructive'), (added, risk) => {
        const diff = added.map((name) => ({ path: `properties.a[${name}]`, after: 1 }));
        expect(isFreeAddition({ ...free, diff, risk }, [addition])).toBe(true);
        expect(isFreeAddition({ ...free, diff, risk }, [])).toBe(false);
      }),
    );
  });

  it('lets nothing through that replaces, removes, makes again, is of another or elsewhere, whatever else it is', () => {
    fc.assert(
      fc.property(fc.array(spoilt, { minLength: 1, maxLength: 4 }), (ways) => {
        expect(isFreeAddition(Object.assign({}, free, ...ways), [addition])).toBe(false);
      }),
    );
  });

  it('is one of several owners only where all of them may add', () => {
    const both: Change = { ...free, owners: ['adjustment', 'spec'] };

    expect(isFreeAddition(both, [{ ...addition, owners: ['adjustment', 'spec'] }])).toBe(true);
    expect(isFreeAddition(both, [addition, { ...addition, owners: ['spec'] }])).toBe(false);
  });
});
