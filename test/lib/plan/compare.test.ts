import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { compare, differences, REDACTED, redact } from '../../../lib/plan/compare.ts';
import type { ComparisonRules } from '../../../lib/plan/kind.ts';
import type { OwnedFields } from '../../../lib/plan/ledger.ts';
import { body, NO_RULES, RULES } from './bodies.ts';

function properties(members: JsonObject): JsonObject {
  return { properties: members };
}

describe('differences', () => {
  it.each<readonly [string, JsonObject, JsonObject, OwnedFields, readonly unknown[]]>([
    ['equal leaves', properties({ plain: 'a' }), properties({ plain: 'a', more: 1 }), {}, []],
    [
      'a changed leaf',
      properties({ nested: { x: 1 } }),
      properties({ nested: { x: 2, y: 3 } }),
      {},
      [{ path: 'properties.nested.x', before: 2, after: 1 }],
    ],
    [
      'case of an ARM id',
      properties({ ref: { id: '/Subscriptions/A' } }),
      properties({ ref: { id: '/subscriptions/a' } }),
      {},
      [],
    ],
    ['spelling of a location', { location: 'westeurope' }, { location: 'West Europe' }, {}, []],
    ['case of an enum', properties({ mode: 'Standard' }), properties({ mode: 'STANDARD' }), {}, []],
    [
      'case of anything else',
      properties({ plain: 'a' }),
      properties({ plain: 'A' }),
      {},
      [{ path: 'properties.plain', before: 'A', after: 'a' }],
    ],
    ['a default that is absent', properties({ flag: false }), properties({}), {}, []],
    [
      'something else than the default',
      properties({ flag: true }),
      properties({}),
      {},
      [{ path: 'properties.flag', after: true }],
    ],
    ['a read-only property', properties({ state: 'x' }), properties({ state: 'y' }), {}, []],
    ['a set in another order', properties({ set: ['b', 'c'] }), properties({ set: ['c', 'b'] }), {}, []],
    [
      'a set with a member too many',
      properties({ set: ['b'] }),
      properties({ set: ['b', 'c'] }),
      {},
      [{ path: 'properties.set', before: ['b', 'c'], after: ['b'] }],
    ],
    ["a shared set with others' members", properties({ shared: ['b'] }), properties({ shared: ['a', 'b'] }), {}, []],
    [
      'a member of a shared set that was ours',
      properties({ shared: ['b'] }),
      properties({ shared: ['a', 'b', 'c'] }),
      { 'properties.shared[c]': 'spec' },
      [{ path: 'properties.shared', before: ['a', 'b', 'c'], after: ['a', 'b'] }],
    ],
    [
      "others' entries",
      properties({ items: [{ name: 'a' }] }),
      properties({ items: [{ name: 'b' }, { name: 'A' }] }),
      {},
      [],
    ],
    [
      'a missing entry, whole',
      properties({ items: [{ name: 'a', level: 2 }] }),
      properties({ items: [] }),
      {},
      [{ path: 'properties.items[a]', after: { name: 'a', level: 2 } }],
    ],
    [
      'an entry that was ours, without what the service set in it',
      properties({ items: [] }),
      properties({ items: [{ name: 'Gone', level: 2, etag: 'e' }] }),
      { 'properties.items[gone]': 'spec' },
      [{ path: 'properties.items[Gone]', before: { name: 'Gone', level: 2 } }],
    ],
    [
      'a field of ours in an entry of others',
      properties({ items: [] }),
      properties({ items: [{ name: 'theirs', level: 2, x: 1 }] }),
      { 'properties.items[theirs].level': 'spec' },
      [{ path: 'properties.items[theirs].level', before: 2 }],
    ],
    [
      'an entry too many where the whole array is ours',
      properties({ strict: [] }),
      properties({ strict: [{ name: 'b' }] }),
      {},
      [{ path: 'properties.strict[b]', before: { name: 'b' } }],
    ],
    [
      'another order where order is ours',
      properties({ ranked: [{ name: 'a' }, { name: 'b' }] }),
      properties({ ranked: [{ name: 'b' }, { name: 'a' }] }),
      {},
      [{ path: 'properties.ranked', before: ['b', 'a'], after: ['a', 'b'] }],
    ],
    [
      'a field that was ours and is at its default',
      properties({}),
      properties({ flag: false }),
      { 'properties.flag': 'spec' },
      [],
    ],
    [
      'a field that was ours',
      properties({}),
      properties({ plain: 1 }),
      { 'properties.plain': 'spec' },
      [{ path: 'properties.plain', before: 1 }],
    ],
    ['a field that was ours and is gone', properties({}), properties({}), { 'properties.plain': 'spec' }, []],
    [
      'a declared null',
      properties({ plain: null }),
      properties({ plain: 1 }),
      {},
      [{ path: 'properties.plain', before: 1 }],
    ],
    ['a declared null that is absent', properties({ plain: null }), properties({}), {}, []],
    ['empty and absent', { tags: {}, properties: { items: [], nested: {} } }, {}, {}, []],
    [
      'an identity that is there by its key',
      { identity: { users: { '/Subscriptions/i': {} } } },
      { identity: { users: { '/subscriptions/I': { clientId: 'c' } } } },
      {},
      [],
    ],
    [
      'an identity that is not',
      { identity: { users: { '/subscriptions/i': {} } } },
      { identity: {} },
      {},
      [{ path: 'identity.users./subscriptions/i', after: {} }],
    ],
    ['tags in another case', { tags: { Team: 'a' } }, { tags: { team: 'a', other: 'b' } }, {}, []],
    [
      'a list without names, compared whole, with what the service adds left out',
      properties({ list: [{ x: 1 }] }),
      properties({ list: [{ x: 1, state: 's', more: 2 }] }),
      {},
      [],
    ],
    [
      'a list without names that differs',
      properties({ list: [{ x: 1 }] }),
      properties({ list: [{ x: 2 }] }),
      {},
      [{ path: 'properties.list', before: [{ x: 2 }], after: [{ x: 1 }] }],
    ],
  ])('%s', (_, desired, actual, owned, expected) => {
    expect(differences(desired, actual, RULES, owned)).toEqual(expected);
  });

  it('name nothing where nothing is declared and nothing was ours', () => {
    fc.assert(fc.property(body, (actual) => expect(differences({}, actual, RULES, {})).toEqual([])));
  });

  it('do not change with what others add', () => {
    const theirs = fc.record({ unknown: fc.jsonValue(), flag: fc.boolean() });
    fc.assert(
      fc.property(body, body, theirs, (desired, actual, { unknown, flag }) => {
        const more = JSON.parse(JSON.stringify({ ...actual, unknown, other: { flag } })) as JsonObject;

        expect(differences(desired, more, RULES, {})).toEqual(differences(desired, actual, RULES, {}));
      }),
    );
  });

  it('see a set of objects whose members, or their properties, come in another order as the same', () => {
    const rules: ComparisonRules = { ...NO_RULES, sets: ['pairs'], ignoreCase: ['pairs[].type'] };
    const pairs = fc.uniqueArray(
      fc.record({ type: fc.constantFrom('Http', 'Https', 'Mssql'), port: fc.integer({ min: 1, max: 3 }) }),
      { minLength: 1, selector: ({ type, port }) => `${type}:${port}` },
    );
    const respelled = fc.tuple(pairs, fc.func(fc.integer())).map(([members, rank]) => ({
      members,
      other: members
        .toSorted((one, two) => rank(one) - rank(two))
        .map(({ type, port }) => ({ port, note: null, type: type.toUpperCase() })),
    }));
    fc.assert(
      fc.property(respelled, fc.nat(), ({ members, other }, at) => {
        expect(differences({ pairs: members }, { pairs: other }, rules, {})).toEqual([]);

        const fewer = other.filter((_, index) => index !== at % other.length);
        expect(differences({ pairs: members }, { pairs: fewer }, rules, {})).toMatchObject([{ path: 'pairs' }]);
        const more = [...other, { port: 4, type: 'Http' }];
        expect(differences({ pairs: members }, { pairs: more }, rules, {})).toMatchObject([{ path: 'pairs' }]);
      }),
    );
  });

  it('hide secrets, wherever they are', () => {
    const rules: ComparisonRules = {
      ...NO_RULES,
      entries: [{ path: 'properties.items', key: 'name', foreign: 'replace' }],
      secret: ['properties.password', 'properties.items[].key', 'properties.list[].key'],
    };
    const desired = properties({
      password: 'hunter2',
      items: [{ name: 'a', key: 'hunter2' }],
      list: [{ key: 'hunter2' }],
    });
    const actual = properties({
      password: 'hunter1',
      items: [{ name: 'b', key: 'hunter1' }],
      list: [{ key: 'hunter1' }],
    });

    const found = differences(desired, actual, rules, {});

    expect(found).toHaveLength(4);
    expect(JSON.stringify(found)).not.toContain('hunter');
    expect(JSON.stringify(redact(desired, rules))).not.toContain('hunter');
    expect(found[0]).toEqual({ path: 'properties.password', before: REDACTED, after: REDACTED });
  });

  it('count a secret that we wrote as still there, since services give none back', () => {
    const desired = properties({ password: 'hunter2' });

    expect(differences(desired, properties({}), RULES, {})).toEqual([{ path: 'properties.password', after: REDACTED }]);
    expect(differences(desired, properties({}), RULES, { 'properties.password': 'spec' })).toEqual([]);
  });
});

describe('compare', () => {
  const rules: ComparisonRules = {
    ...NO_RULES,
    immutable: { zones: 'zones are set at creation', 'properties.subnet': 'it stays where it is' },
  };

  it('tells apart what cannot change in place', () => {
    const desired = { zones: ['1'], properties: { subnet: { id: '/b' }, x: 1 } };

    const found = compare(desired, { properties: { subnet: { id: '/a' } } }, rules, {});

    expect(found.differences).toEqual([{ path: 'properties.x', after: 1 }]);
    expect(found.immutable).toEqual([
      { path: 'properties.subnet.id', before: '/a', after: '/b', why: 'it stays where it is' },
      { path: 'zones', after: ['1'], why: 'zones are set at creation' },
    ]);
  });

  it('has nothing immutable in what is not there yet, nor in what nobody declares', () => {
    expect(compare({ zones: ['1'] }, null, rules, {})).toEqual({
      differences: [{ path: 'zones', after: ['1'] }],
      immutable: [],
      staying: [],
    });
    expect(compare({}, { zones: ['1'] }, rules, { zones: 'spec' })).toEqual({
      differences: [],
      immutable: [],
      staying: [],
    });
  });
});
