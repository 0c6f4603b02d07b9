import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { compare } from '../../../lib/plan/compare.ts';
import { foreignEntriesOf } from '../../../lib/plan/entries-of-others.ts';
import { declaresEntry, type ForeignInput, foreignEntries, isUnlisted } from '../../../lib/plan/foreign-entries.ts';
import type { ComparisonRules } from '../../../lib/plan/kind.ts';
import type { OwnedFields } from '../../../lib/plan/ledger.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import { ownedTree } from '../../../lib/plan/owned-tree.ts';
import { getAt, isAtOrBelow, removeAt, setAt } from '../../../lib/plan/property-path.ts';
import type { ReactionRule } from '../../../lib/plan/reaction-rules.ts';
import { body, RULES } from './bodies.ts';
import { id, observedAs, THING, thing, written } from './small-kind.ts';

const NOTHING_KNOWN = () => false;

function found(desired: JsonObject, actual: JsonObject, owned: OwnedFields = {}, rules: ComparisonRules = RULES) {
  return foreignEntriesOf(desired, actual, rules, ownedTree(owned), NOTHING_KNOWN);
}

function ownedOf(declared: JsonObject): OwnedFields {
  return ownedFieldsOf({ body: declared, owner: 'spec' }, RULES);
}

/** The body without these entries and set members, the inner ones first. */
function without(actual: JsonObject, paths: readonly string[]): JsonObject {
  let left: Json = actual;
  for (const path of paths) {
    const [, set, shared] = /^(.*\.shared)\[(.*)\]$/.exec(path) ?? [];
    if (set === undefined) left = removeAt(left, path);
    else {
      const members = getAt(left, set) as readonly Json[];
      left = setAt(
        left,
        set,
        members.filter((member) => member !== shared),
      );
    }
  }
  return left as JsonObject;
}

const isInside = (path: string, outer: string) => path !== outer && isAtOrBelow(path, outer);

describe('entries of others in a body', () => {
  it('are none where everything is declared, or was ours', () => {
    fc.assert(
      fc.property(body, body, (actual, desired) => {
        expect(found(actual, actual)).toEqual([]);
        expect(found(desired, actual, ownedOf(actual))).toEqual([]);
      }),
    );
  });

  it('survive a write as they are, and are the same after it', () => {
    fc.assert(
      fc.property(body, body, body, (desired, actual, before) => {
        const owned = ownedOf(before);
        const entries = found(desired, actual, owned);
        const merged = mergeForWrite(desired, actual, RULES, owned);

        expect(found(desired, merged, owned)).toEqual(expect.arrayContaining([...entries]));
        expect(found(desired, merged, owned)).toHaveLength(entries.length);
      }),
      { numRuns: 300 },
    );
  });

  it('make no other difference than that what they are in stays: without them the same is put right', () => {
    fc.assert(
      fc.property(body, body, body, (desired, actual, before) => {
        const owned = ownedOf(before);
        const rest = without(
          actual,
          found(desired, actual, owned).map(({ path }) => path),
        );
        const { staying } = compare(desired, actual, RULES, owned);
        const pathsOf = (one: JsonObject) =>
          compare(desired, one, RULES, owned)
            .differences.map(({ path }) => path)
            .filter((path) => !staying.some((entry) => isAtOrBelow(path, entry)));

        expect(found(desired, rest, owned)).toEqual([]);
        expect(compare(desired, rest, RULES, owned).staying).toEqual([]);
        expect(pathsOf(rest)).toEqual(pathsOf(actual));
        const gone = compare(desired, rest, RULES, owned).differences.filter(({ after }) => after === undefined);
        expect(gone.map(({ path }) => path)).toEqual(
          expect.arrayContaining(staying.filter((path) => !staying.some((outer) => isInside(path, outer)))),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('are one more for each that is added, and none where the whole list is ours', () => {
    fc.assert(
      fc.property(body, body, (desired, actual) => {
        const before = found(desired, actual).map(({ path }) => path);
        const properties = (actual.properties ?? {}) as JsonObject;
        const withNew = (list: string) => {
          const entries = [...((properties[list] ?? []) as readonly Json[]), { name: 'brand new', x: 1 }];
          return found(desired, { ...actual, properties: { ...properties, [list]: entries } }).map(({ path }) => path);
        };

        expect([...withNew('items')].sort()).toEqual([...before, 'properties.items[brand new]'].sort());
        expect(withNew('strict')).toEqual(before);
      }),
    );
  });

  it('change their hash with their content, not with what the service sets or how it spells members', () => {
    const hashOf = (entry: JsonObject) =>
      found({}, { properties: { items: [{ name: 'theirs', ...entry }] } }).map(({ contentHash }) => contentHash);

    expect(hashOf({ level: 1, etag: 'a' })).toEqual(hashOf({ etag: 'b', level: 1, rules: null }));
    expect(hashOf({ level: 1 })).not.toEqual(hashOf({ level: 2 }));
  });

  it('say no secret and nothing long', () => {
    const rules: ComparisonRules = {
      ...RULES,
      entries: [
        { path: 'properties.items', key: 'name', foreign: 'keep', describe: (entry) => JSON.stringify(entry) },
        { path: 'properties.items[].rules', key: 'name', foreign: 'keep' },
      ],
      secret: ['properties.items[].key'],
    };
    const long = 'x'.repeat(5_000);
    const items = [
      { name: long, key: 'hunter2' },
      { key: 'hunter2', long },
    ];
    const entries = found({}, { properties: { items } }, {}, rules);

    expect(entries).toHaveLength(2);
    expect(new Set(entries.map(({ path }) => path)).size).toBe(2);
    expect(JSON.stringify(entries)).not.toContain('hunter2');
    expect(JSON.stringify(entries).length).toBeLessThan(2_000);
  });

  it('are not what a service keeps there, nor children that are ours', () => {
    const rules: ComparisonRules = {
      ...RULES,
      readOnly: ['properties.children'],
      entries: [
        { path: 'properties.items', key: 'name', foreign: 'keep', isOfService: (entry) => getAt(entry, 'level') === 1 },
      ],
      children: ['properties.children'],
    };
    const properties = {
      items: [
        { name: 'service', level: 1 },
        { name: 'person', level: 2 },
      ],
      children: [{ id: '/p/children/ours' }, { id: '/p/children/theirs' }],
    };
    const entries = foreignEntriesOf({}, { properties }, rules, undefined, (one) => one === '/p/children/ours');

    expect(entries.map(({ path }) => path)).toEqual(['properties.items[person]', 'properties.children[theirs]']);
  });
});

describe('entries of others in a baseline', () => {
  const node = thing('ours', { body: { properties: { parts: [{ name: 'declared' }] } } });
  const actual: JsonObject = { properties: { parts: [{ name: 'DECLARED' }, { name: 'theirs' }] } };

  function pathsOf(over: Partial<ForeignInput> = {}): readonly string[] {
    return foreignEntries({
      graph: { baseline: 'b', nodes: [node] },
      observed: observedAs([node.id, actual]),
      ledger: new Map([[node.id.toLowerCase(), written(node)]]),
      kinds: () => THING,
      rules: { reactionRules: [] },
      claimedByOthers: new Map(),
      ...over,
    }).map(({ path, isIgnored }) => (isIgnored ? `ignored ${path}` : path));
  }

  it('are those in what we made or adopted, as far as it was read', () => {
    const of = (presence: 'adopt' | 'create' | 'reference') => ({
      graph: { baseline: 'b', nodes: [{ ...node, presence }] },
      ledger: new Map(),
    });

    expect(pathsOf()).toEqual(['properties.parts[theirs]']);
    expect(pathsOf(of('adopt'))).toEqual(['properties.parts[theirs]']);
    expect(pathsOf(of('create'))).toEqual([]);
    expect(pathsOf(of('reference'))).toEqual([]);
    expect(pathsOf({ observed: observedAs() })).toEqual([]);
    expect(pathsOf({ observed: observedAs([node.id, null]) })).toEqual([]);
    expect(pathsOf({ claimedByOthers: new Map([[node.id.toLowerCase(), 'south']]) })).toEqual([]);
  });

  it('are not what an earlier spec or a write under way put there', () => {
    const entry = written(node, { intended: { 'properties.parts[theirs]': 'adjustment' } });

    expect(pathsOf({ ledger: new Map([[node.id.toLowerCase(), entry]]) })).toEqual([]);
  });

  it.each<[Partial<ReactionRule>, boolean]>([
    [{}, true],
    [{ path: 'properties.parts' }, true],
    [{ path: 'properties.parts[]' }, true],
    [{ path: 'properties.parts[THEIRS]' }, true],
    [{ path: 'properties.parts[other]' }, false],
    [{ path: 'properties.parts[].x' }, false],
    [{ scope: 'hub', kind: 'thing' }, true],
    [{ scope: 'spoke:a' }, false],
    [{ kind: 'other' }, false],
    [{ policy: 'report' }, false],
  ])('are ignored by a rule %j: %s', (over, isIgnored) => {
    const rule: ReactionRule = { mode: 'off', source: 'drift.policies[0]', policy: 'ignore', owner: 'spec', ...over };

    expect(pathsOf({ rules: { reactionRules: [rule] } })).toEqual([
      isIgnored ? 'ignored properties.parts[theirs]' : 'properties.parts[theirs]',
    ]);
  });
});

describe('child resources of which no list was read', () => {
  it('say nothing of an entry', () => {
    const rules: ComparisonRules = { ...RULES, listedChildren: ['properties.links'] };
    const isUnlistedIn = (properties: JsonObject, path: string) => isUnlisted({ properties }, path, rules);

    expect(isUnlistedIn({}, 'properties.links[theirs]')).toBe(true);
    expect(isUnlistedIn({ links: [] }, 'properties.links[theirs]')).toBe(false);
    expect(isUnlistedIn({}, 'properties.items[theirs]')).toBe(false);
  });

  it('are found where the service sets everything around them', () => {
    const rules: ComparisonRules = { ...RULES, readOnly: ['properties'], children: ['properties.links'] };
    const properties = { links: [{ id: '/p/links/theirs' }], items: [{ name: 'theirs' }] };

    expect(found({}, { properties }, {}, rules).map(({ path }) => path)).toEqual(['properties.links[theirs]']);
  });
});

describe('an entry that others had put there', () => {
  it.each([
    ['properties.items[ours]', true],
    ['properties.items[OURS]', true],
    ['properties.items[theirs]', false],
    ['properties.shared[a]', true],
    ['properties.shared[b]', false],
    ['properties.children[child]', true],
    ['properties.children[other]', false],
  ])('is declared by now: %s %s', (path, isDeclared) => {
    const node = { id: id('x'), body: { properties: { items: [{ name: 'ours' }], shared: ['a'] } } };

    expect(declaresEntry(node, path, RULES, (child) => child === `${id('x')}/children/child`)).toBe(isDeclared);
  });
});
