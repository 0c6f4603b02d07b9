import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { compare } from '../../../lib/plan/compare.ts';
import { withKeptDifferences, withKeptEntries } from '../../../lib/plan/kept-differences.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { body, RULES } from './bodies.ts';
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

  it('keeps all of an entry of ours in which others have entries, and declares none of theirs', () => {
    const entry = (...names: readonly string[]) => ({ name: 'ours', level: 2, rules: names.map((name) => ({ name })) });
    const holding = (items: readonly JsonObject[]) => thing('t', { body: { properties: { items } } });
    const owned = ownedFieldsOf(holding([entry('one', 'two')]), RULES);
    const actual = { properties: { items: [entry('one', 'theirs', 'two')] } };

    const { node, kept } = withKeptEntries(holding([]), actual, RULES, owned);

    expect(kept).toEqual(['properties.items[ours].rules[one]', 'properties.items[ours].rules[two]']);
    expect(node.body).toEqual({ properties: { items: [entry('one', 'two')] } });
    expect(compare(node.body, actual, RULES, owned).differences).toEqual([]);
    expect(ownedFieldsOf(node, RULES, { actual, owned })).toEqual(owned);
  });

  it('lets one of several entries go that were ours in the same one, and keeps the others', () => {
    const entry = (...names: readonly string[]) => ({ name: 'ours', level: 2, rules: names.map((name) => ({ name })) });
    const holding = (items: readonly JsonObject[]) => thing('t', { body: { properties: { items } } });
    const owned = ownedFieldsOf(holding([entry('one', 'two')]), RULES);
    const actual = { properties: { items: [entry('one', 'theirs', 'two')] } };

    const { node } = withKeptDifferences(holding([]), actual, RULES, owned, ['properties.items[ours].rules[two]']);

    expect(mergeForWrite(node.body, actual, RULES, owned)).toEqual({
      properties: { items: [entry('theirs', 'two')] },
    });
  });

  it('never lets a write remove an entry at any depth', () => {
    const namesAt = (value: Json | undefined, at = ''): readonly string[] =>
      Array.isArray(value)
        ? (value as readonly Json[]).flatMap((member) => {
            const name = isJsonObject(member) ? `${at}[${String(member.name).toLowerCase()}]` : at;
            return [name, ...namesAt(member, name)];
          })
        : isJsonObject(value)
          ? Object.entries(value).flatMap(([name, member]) => namesAt(member, `${at}.${name}`))
          : [];
    const entriesIn = (of: JsonObject) => {
      const { items } = (of.properties ?? {}) as JsonObject;
      return namesAt(items).filter((at) => at.endsWith(']'));
    };
    fc.assert(
      fc.property(body, body, body, (declared, before, added) => {
        const owned = ownedFieldsOf(thing('t', { body: before }), RULES);
        const actual = mergeForWrite(before, added, RULES, {});
        const { node } = withKeptEntries(thing('t', { body: declared }), actual, RULES, owned);

        expect(entriesIn(mergeForWrite(node.body, actual, RULES, owned))).toEqual(
          expect.arrayContaining([...entriesIn(actual)]),
        );
      }),
      { numRuns: 300 },
    );
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
