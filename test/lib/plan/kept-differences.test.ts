import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { compare } from '../../../lib/plan/compare.ts';
import { withKeptEntries } from '../../../lib/plan/kept-differences.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { THING, thing, written } from './small-kind.ts';

const rules = THING.comparison;

function parts(names: readonly string[], x = 1): JsonObject {
  return { properties: { x, parts: names.map((name) => ({ name, size: name.length })) } };
}

function namesIn(body: JsonObject): readonly string[] {
  const { parts: members = [] } = body.properties as { readonly parts?: readonly { readonly name: string }[] };
  return members.map(({ name }) => name);
}

const names = fc.uniqueArray(fc.constantFrom('a', 'bb', 'ccc', 'dddd', 'e', 'ff'), { maxLength: 6 });

describe('withKeptEntries', () => {
  it('declares what is no longer declared as it is, and nothing of others', () => {
    const before = thing('t', { body: parts(['a', 'bb']) });
    const owned = ownedBeforeOf(written(before));
    const actual = parts(['a', 'bb', 'theirs'], 2);

    const { node, kept } = withKeptEntries(thing('t', { body: parts(['a'], 3) }), actual, rules, owned);

    expect(kept).toEqual(['properties.parts[bb]']);
    expect(node.body).toEqual(parts(['a', 'bb'], 3));
  });

  it('leaves a node alone that is not there or takes nothing away', () => {
    const node = thing('t', { body: parts(['a']) });
    const owned = ownedBeforeOf(written(thing('t', { body: parts(['a', 'bb']) })));

    expect(withKeptEntries(node, null, rules, owned)).toEqual({ node, kept: [] });
    expect(withKeptEntries(node, parts(['a', 'theirs']), rules, owned)).toEqual({ node, kept: [] });
  });

  it('never lets a write remove an entry, and keeps each one ours', () => {
    fc.assert(
      fc.property(names, names, names, (ours, theirs, wanted) => {
        const owned = ownedBeforeOf(written(thing('t', { body: parts(ours) })));
        const actual = parts([...new Set([...ours, ...theirs])]);
        const { node } = withKeptEntries(thing('t', { body: parts(wanted) }), actual, rules, owned);

        const next = mergeForWrite(node.body, actual, rules, owned);

        expect(new Set(namesIn(next))).toEqual(new Set([...ours, ...theirs, ...wanted]));
        const fields = ownedFieldsOf(node, rules, { actual, owned });
        for (const name of ours) expect(fields).toHaveProperty([`properties.parts[${name}]`], 'spec');
        expect(compare(node.body, next, rules, fields).differences).toEqual([]);
      }),
    );
  });
});
