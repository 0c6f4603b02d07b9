import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { type PlanInput, planChanges } from '../../../lib/plan/diff.ts';
import { type DesiredNode, normaliseId } from '../../../lib/plan/graph.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import { mergeForWrite, ownedBeforeOf, ownedFieldsOf } from '../../../lib/plan/merge.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { always, GROUP, id, kinds, observedAs, THING, thing, written } from './small-kind.ts';

const X1: JsonObject = { properties: { x: 1 } };
const X2: JsonObject = { properties: { x: 2 } };

function refersTo(...names: readonly string[]): JsonObject {
  return { properties: { x: 1, refs: names.map((name) => ({ id: id(name) })) } };
}

function plan(nodes: readonly DesiredNode[], rest: Partial<PlanInput> = {}): Plan {
  return planChanges({
    graph: { baseline: 'b', nodes },
    observed: observedAs(),
    ledger: [],
    kinds,
    specVersion: '1',
    ...rest,
  });
}

function summary({ changes }: Plan): readonly string[] {
  return changes.map((change) => `${change.action} ${change.id.split('/').at(-1)}`);
}

function codes({ refused }: Plan): readonly string[] {
  return refused.map((refusal) => `${refusal.code} ${refusal.id.split('/').at(-1)}`);
}

function orderOf(made: Plan, name: string): readonly string[] {
  const change = made.changes.find((one) => one.id === id(name));
  return (change?.dependsOn ?? []).map((other) => other.split('/').at(-1) ?? '');
}

describe('planChanges for what has failed', () => {
  const left = { ...THING, leftWhenFailed: 'Look at its log.' };

  it.each<readonly [string, Partial<PlanInput>, boolean]>([
    ['of a kind that is written again', {}, false],
    ['of a kind that is left to people', { kinds: () => left }, true],
  ])('%s', (_, rest, isLeft) => {
    for (const x of [1, 2]) {
      const observed = observedAs([id('a'), { properties: { x, provisioningState: 'Failed' } }]);

      const [change] = plan([thing('a')], { observed, ledger: [written(thing('a'))], ...rest }).changes;

      expect(change?.forPeople).toBe(isLeft ? 'Its last operation ended Failed. Look at its log.' : undefined);
      expect(change?.reason.includes('only what a person asks for')).toBe(isLeft);
    }
  });

  it('says nothing of what has not', () => {
    const observed = observedAs([id('a'), X2]);

    const [change] = plan([thing('a')], { observed, ledger: [written(thing('a'))], kinds: () => left }).changes;

    expect(change).toMatchObject({ action: 'update' });
    expect(change).not.toHaveProperty('forPeople');
  });
});

describe('planChanges for entries that are no longer declared', () => {
  const parts = (...names: readonly string[]): JsonObject => ({
    properties: { x: 1, parts: names.map((name) => ({ name })) },
  });

  it.each<readonly [DesiredNode['owner'], readonly string[] | undefined]>([
    ['spec', ['properties.parts[ours]']],
    ['adjustment', undefined],
    ['ingress', undefined],
  ])('names those that the spec had declared: made by %s', (owner, takesAway) => {
    const before = thing('a', { body: parts('ours'), fieldOwners: { 'properties.parts[ours]': owner } });
    const observed = observedAs([id('a'), parts('ours', 'theirs')]);

    const [change] = plan([thing('a')], { observed, ledger: [written(before)] }).changes;

    expect(change?.diff.map(({ path }) => path)).toEqual(['properties.parts[ours]']);
    expect(change?.takesAway).toEqual(takesAway);
  });

  describe('and in which others have entries', () => {
    const entries = [
      ...THING.comparison.entries,
      { path: 'properties.parts[].pins', key: 'name', foreign: 'keep' } as const,
    ];
    const nested = { ...THING, comparison: { ...THING.comparison, entries } };
    const part = (...pins: readonly string[]): JsonObject => ({
      properties: { x: 1, parts: [{ name: 'ours', size: 2, pins: pins.map((name) => ({ name })) }] },
    });
    const entry = written(thing('a'), {
      confirmed: ownedFieldsOf(thing('a', { body: part('one') }), nested.comparison),
    });
    const planned = (nodes: readonly DesiredNode[], actual: JsonObject, ledger: LedgerEntry = entry) =>
      plan([...nodes, thing('other')], {
        observed: observedAs([id('a'), actual]),
        ledger: [ledger],
        kinds: () => nested,
      });

    it('takes out only what is ours, and says so', () => {
      const { changes } = planned([thing('a')], part('one', 'theirs'));

      expect(changes).toMatchObject([
        {
          diff: [{ path: 'properties.parts[ours].pins[one]', before: { name: 'one' } }],
          takesAway: ['properties.parts[ours].pins[one]'],
          reason:
            'It still has properties.parts[ours].pins[one], which is no longer declared. properties.parts[ours] itself stays: others have put something into it.',
        },
      ]);
    });

    it('leaves it alone once nothing else of ours is in it', () => {
      expect(planned([thing('a')], part('theirs')).changes).toEqual([]);
    });

    it('does the same to what it had adopted', () => {
      const { changes } = planned([], part('one', 'theirs'), { ...entry, created: false });

      expect(changes).toMatchObject([
        {
          action: 'update',
          diff: [{ path: 'properties.x' }, { path: 'properties.parts[ours].pins[one]' }],
          reason: expect.stringContaining(
            'the resource itself stays. properties.parts[ours] itself stays: others have put something into it.',
          ),
        },
      ]);
    });
  });
});

describe('planChanges for what is declared', () => {
  it('creates what is absent, in the order of dependencies', () => {
    const nodes = [thing('b', { dependsOn: always('a') }), thing('a')];

    const made = plan(nodes, { observed: observedAs([id('a'), null], [id('b'), null]) });

    expect(summary(made)).toEqual(['create a', 'create b']);
    expect(made.changes[1]).toMatchObject({
      dependsOn: [id('a')],
      risk: 'safe',
      owner: 'spec',
      estimatedMinutes: 5,
      diff: [{ path: 'properties.x', after: 1 }],
    });
    expect(made.criticalPathMinutes).toBe(10);
  });

  it.each<
    readonly [string, DesiredNode, JsonObject | null, Partial<LedgerEntry> | null, readonly string[], readonly string[]]
  >([
    ['equal', thing('a'), X1, {}, [], []],
    ['different', thing('a'), X2, {}, ['update a'], []],
    ['absent, never made', thing('a'), null, null, ['create a'], []],
    ['adopted and absent', thing('a', { presence: 'adopt' }), null, null, [], ['AdoptedResourceMissing a']],
    ['adopted and different', thing('a', { presence: 'adopt' }), X2, null, ['update a'], []],
    ['referred to and absent', thing('a', { presence: 'reference' }), null, null, [], ['ReferencedResourceMissing a']],
    ['referred to and different', thing('a', { presence: 'reference' }), X2, null, [], []],
    [
      'immutable',
      thing('a', { body: { properties: { size: 1, x: 9 } } }),
      { properties: { size: 2 } },
      {},
      [],
      ['ImmutableProperty a'],
    ],
    ['there before us, and otherwise', thing('a'), X2, null, [], ['ExistsAlready a']],
    ['there before us, with nothing against it', thing('a'), { properties: { y: 1 } }, null, ['update a'], []],
    ['there before us, and as wanted', thing('a'), X1, null, [], []],
    ['failed', thing('a'), { properties: { x: 1, provisioningState: 'Failed' } }, {}, ['update a'], []],
    [
      'failed, but nothing of ours',
      thing('a', { presence: 'adopt' }),
      { properties: { x: 1, provisioningState: 'Failed' } },
      null,
      [],
      [],
    ],
    ['updated by somebody', thing('a'), { properties: { x: 1, provisioningState: 'Updating' } }, {}, [], []],
    [
      'still written by us',
      thing('a'),
      { properties: { x: 1, provisioningState: 'Updating' } },
      { state: 'intended' },
      ['update a'],
      [],
    ],
    [
      'being deleted',
      thing('a'),
      { properties: { x: 1, provisioningState: 'Deleting' } },
      {},
      [],
      ['ResourceIsBeingDeleted a'],
    ],
  ])('%s', (_, node, actual, row, changes, refused) => {
    const ledger = row === null ? [] : [written(node, row)];

    const made = plan([node], { observed: observedAs([node.id, actual]), ledger });

    expect([summary(made), codes(made)]).toEqual([changes, refused]);
  });

  it('says when somebody deleted what it made', () => {
    const node = thing('a');
    const observed = observedAs([node.id, null]);

    expect(plan([node], { observed, ledger: [written(node)] }).changes[0]).toMatchObject({
      action: 'create',
      recreates: true,
    });
    expect(
      plan([node], { observed, ledger: [written(node, { state: 'intended', confirmed: {} })] }).changes[0]?.recreates,
    ).toBeUndefined();
    expect(
      plan([node], { observed, ledger: [written(node, { state: 'deleting' })] }).changes[0]?.recreates,
    ).toBeUndefined();
  });

  it('leaves out what was not looked for', () => {
    expect(plan([thing('a')])).toMatchObject({ changes: [], refused: [] });
    expect(plan([], { ledger: [written(thing('a'))], teardown: true })).toMatchObject({ changes: [], refused: [] });
  });

  it('refuses what another baseline owns', () => {
    const made = plan([thing('a')], {
      observed: observedAs([id('a'), X2]),
      claimedByOthers: new Map([[normaliseId(id('a')), 'other']]),
    });

    expect(codes(made)).toEqual(['BelongsToAnotherBaseline a']);
    expect(made.refused[0]?.why).toContain("'other'");
  });

  it('names the owner of each field, also of one that is taken back', () => {
    const body = { properties: { x: 1, parts: [{ name: 'ip-2' }] } };
    const node = thing('a', { body, fieldOwners: { 'properties.parts[ip-2]': 'adjustment' } });
    const ledger = [written(node)];

    const scaleOut = plan([node], { observed: observedAs([node.id, X1]), ledger });
    const both = plan([node], { observed: observedAs([node.id, X2]), ledger });
    const back = plan([thing('a')], { observed: observedAs([node.id, body]), ledger });

    expect(scaleOut.changes[0]).toMatchObject({ owner: 'adjustment' });
    expect(both.changes[0]).toMatchObject({ owner: 'spec', owners: ['adjustment', 'spec'] });
    expect(back.changes[0]).toMatchObject({
      owner: 'adjustment',
      risk: 'disruptive',
      diff: [{ path: 'properties.parts[ip-2]' }],
    });
  });
});

describe('planChanges between changes', () => {
  it('depends through what is as it should be', () => {
    const nodes = [thing('a'), thing('b', { dependsOn: always('a') }), thing('c', { dependsOn: always('b') })];
    const observed = observedAs([id('a'), null], [id('b'), X1], [id('c'), null]);

    const made = plan(nodes, { observed, ledger: nodes.slice(1, 2).map((node) => written(node)) });

    expect(orderOf(made, 'c')).toEqual(['a']);
  });

  it('takes edges for existing resources only where the resource exists', () => {
    const edge = { id: id('a'), when: 'existing' } as const;
    const nodes = [thing('a'), thing('b', { dependsOn: [edge] })];
    const ledger = nodes.map((node) => written(node));

    const fresh = plan(nodes, { observed: observedAs([id('a'), null], [id('b'), null]) });
    const later = plan(nodes, { observed: observedAs([id('a'), X2], [id('b'), X2]), ledger });

    expect(orderOf(fresh, 'b')).toEqual([]);
    expect(orderOf(later, 'b')).toEqual(['a']);
  });

  it('refuses what builds on something that will not be there, and no more', () => {
    const nodes = [
      thing('a', { presence: 'adopt' }),
      thing('b', { dependsOn: always('a') }),
      thing('c', { dependsOn: always('b') }),
      thing('d'),
    ];

    const made = plan(nodes, { observed: observedAs(...nodes.map(({ id: one }) => [one, null] as const)) });

    expect(codes(made)).toEqual(['AdoptedResourceMissing a', 'DependsOnRefused b', 'DependsOnRefused c']);
    expect(summary(made)).toEqual(['create d']);
  });

  it('goes on updating what stands on a resource that cannot change', () => {
    const fixed = thing('a', { body: { properties: { size: 2 } } });
    const nodes = [fixed, thing('old', { dependsOn: always('a') }), thing('new', { dependsOn: always('a') })];
    const ledger = nodes.slice(0, 2).map((node) => written(node));

    const made = plan(nodes, {
      observed: observedAs([id('a'), { properties: { size: 1 } }], [id('old'), X2], [id('new'), null]),
      ledger,
    });

    expect(summary(made)).toEqual(['update old']);
    expect(codes(made)).toEqual(['ImmutableProperty a', 'DependsOnRefused new']);
  });
});

describe('planChanges for what is no longer declared', () => {
  it('deletes what we made, in the reverse order of its dependencies, in its lanes', () => {
    const nodes = [
      thing('a', { lanes: ['l'] }),
      thing('b', { dependsOn: always('a') }),
      thing('c', { dependsOn: always('b') }),
    ];
    const observed = observedAs([id('a'), X1], [id('b'), null], [id('c'), X1], [id('keep'), X1]);

    const made = plan([thing('keep')], { observed, ledger: [...nodes, thing('keep')].map((node) => written(node)) });

    expect(summary(made)).toEqual(['delete c', 'delete a']);
    expect(orderOf(made, 'a')).toEqual(['c']);
    expect(made.changes[1]).toMatchObject({ lanes: ['l'], risk: 'destructive', owner: 'spec', estimatedMinutes: 3 });
  });

  it('says why what an adjustment had made goes: another one counts now, or none does', () => {
    const made = written(thing('a', { owner: 'adjustment', scope: 'egress' }));
    const input = { observed: observedAs([id('a'), X1], [id('keep'), X1]), ledger: [made, written(thing('keep'))] };
    const reasonOf = (more: Partial<PlanInput>) => plan([thing('keep')], { ...input, ...more }).changes[0]?.reason;

    expect(reasonOf({})).toBe('An adjustment had made it, and none that counts now wants it.');
    expect(reasonOf({ adjustmentsInForce: new Map([['hub', 'other']]) })).toBe(reasonOf({}));
    expect(reasonOf({ adjustmentsInForce: new Map([['egress', 'few']]) })).toBe(
      "An adjustment had made it, and 'few', which counts now, does without it.",
    );
    expect(plan([], { ...input, teardown: true }).changes.map(({ reason }) => reason)).toEqual(
      Array(2).fill('Hubkeeper made it, and a teardown was asked for.'),
    );
  });

  it.each([
    ['stays declared', 'create'],
    ['is adopted and let go of', 'adopt'],
  ] as const)('takes parts out of a resource after what used them has gone: it %s', (_, presence) => {
    const parts = (...names: readonly string[]): JsonObject => ({
      properties: { x: 1, parts: names.map((name) => ({ name, y: 1 })) },
    });
    const holder = thing('a-holder', { presence, body: parts('kept', 'used') });
    const user = thing('user', { body: refersTo('a-holder/parts/used') });
    const observed = observedAs([holder.id, parts('kept', 'used')], [user.id, user.body]);
    const ledger = [written(holder), written(user)];

    const made =
      presence === 'create'
        ? plan([{ ...holder, body: parts('kept') }], { observed, ledger })
        : plan([], { observed, ledger, teardown: true });

    expect(summary(made)).toEqual(['delete user', 'update a-holder']);
    expect(orderOf(made, 'a-holder')).toEqual(['user']);
  });

  it('deletes after what used it has let go', () => {
    const user = thing('user', { body: refersTo('new'), dependsOn: always('new') });
    const observed = observedAs([user.id, refersTo('old')], [id('new'), null], [id('old'), X1]);

    const made = plan([thing('new'), user], { observed, ledger: [written(user), written(thing('old'))] });

    expect(summary(made)).toEqual(['create new', 'update user', 'delete old']);
    expect(orderOf(made, 'old')).toEqual(['user']);
  });

  it('keeps what something that stays goes on using', () => {
    const user = thing('user', { presence: 'adopt' });
    const observed = observedAs([user.id, refersTo('old')], [id('old'), refersTo('older')], [id('older'), X1]);

    const made = plan([user], { observed, ledger: [written(thing('old')), written(thing('older'))] });

    expect(summary(made)).toEqual([]);
    expect(codes(made)).toEqual(['StillNeeded old', 'StillNeeded older']);
  });

  it('keeps what holds something foreign, and everything that refers to, and says what', () => {
    const network = thing('network', {
      body: { properties: { parts: [{ name: 'ours' }], refs: [{ id: id('routes') }] } },
    });
    const actual = { properties: { parts: [{ name: 'ours' }, { name: 'theirs' }], refs: [{ id: id('routes') }] } };
    const ledger = [network, thing('routes'), thing('free'), { ...thing('g'), id: GROUP }].map((node) => written(node));
    const observed = observedAs([network.id, actual], [id('routes'), X1], [id('free'), X1], [GROUP, {}]);

    const made = plan([], {
      observed,
      ledger,
      teardown: true,
      groupContents: new Map([[normaliseId(GROUP), [network.id]]]),
    });

    expect(summary(made)).toEqual(['delete free']);
    expect(codes(made).toSorted()).toEqual(['ForeignContent network', 'ResourceGroupNotEmpty g', 'StillNeeded routes']);
    expect(made.refused.find(({ code }) => code === 'ForeignContent')?.why).toContain('part theirs');
  });

  it('gives an adopted resource back as it was', () => {
    const adopted = thing('a', { presence: 'adopt', body: { properties: { parts: [{ name: 'ours' }], x: 1 } } });
    const actual = { properties: { x: 1, y: 2, parts: [{ name: 'theirs' }, { name: 'ours' }] } };

    const made = plan([], { observed: observedAs([adopted.id, actual]), ledger: [written(adopted)], teardown: true });

    expect(summary(made)).toEqual(['update a']);
    expect(made.changes[0]?.diff.map(({ path }) => path)).toEqual(['properties.x', 'properties.parts[ours]']);
  });

  it('does not take an empty graph for a teardown', () => {
    const made = plan([], { observed: observedAs([id('a'), X1]), ledger: [written(thing('a'))] });

    expect([summary(made), codes(made)]).toEqual([[], ['EmptyGraph a']]);
  });

  it.each<readonly [string, readonly string[] | undefined, readonly string[], readonly string[]]>([
    ['only what goes too', [id('a'), `${id('a')}/parts/p`], ['delete a', 'delete g'], []],
    ['something foreign', [id('a'), id('theirs')], ['delete a'], ['ResourceGroupNotEmpty g']],
    ['nobody knows what', undefined, ['delete a'], ['ResourceGroupContentsUnknown g']],
    ['nothing', [], ['delete a', 'delete g'], []],
  ])('deletes a group last, if it holds %s', (_, contents, changes, refused) => {
    const group = { ...thing('g'), id: GROUP };
    const ledger = [written(group), written(thing('a'))];
    const groupContents = contents === undefined ? new Map() : new Map([[normaliseId(GROUP), contents]]);

    const made = plan([], { observed: observedAs([GROUP, {}], [id('a'), X1]), ledger, teardown: true, groupContents });

    expect([summary(made), codes(made)]).toEqual([changes, refused]);
  });

  it('leaves a group that is not ours', () => {
    const group = { ...thing('g'), id: GROUP };

    const made = plan([], {
      observed: observedAs([GROUP, {}]),
      ledger: [written(group, { created: false, confirmed: {} })],
      teardown: true,
    });

    expect(made).toMatchObject({ changes: [], refused: [] });
  });

  it('finds an order for networks that refer to each other', () => {
    const ledger = [written(thing('a', { dependsOn: always('b') })), written(thing('b', { dependsOn: always('a') }))];

    const made = plan([], {
      observed: observedAs([id('a'), refersTo('b')], [id('b'), refersTo('a')]),
      ledger,
      teardown: true,
    });

    expect(summary(made)).toEqual(['delete a', 'delete b']);
  });

  it('calls the way back of an adjustment disruptive, not destructive', () => {
    const made = plan([thing('keep')], {
      observed: observedAs([id('pip'), X1], [id('keep'), X1]),
      ledger: [written(thing('pip', { owner: 'adjustment' })), written(thing('keep'))],
    });

    expect(made.changes[0]).toMatchObject({ action: 'delete', owner: 'adjustment', risk: 'disruptive' });
  });
});

const worlds = fc
  .array(
    fc.record({
      before: fc.constantFrom('absent', 'asDeclared', 'drifted', 'notLookedFor'),
      declared: fc.boolean(),
      presence: fc.constantFrom('create', 'create', 'adopt', 'reference'),
      dependsOn: fc.array(fc.tuple(fc.nat(), fc.constantFrom('always', 'existing')), { maxLength: 3 }),
      refs: fc.array(fc.nat(), { maxLength: 2 }),
      inLedger: fc.boolean(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((specs) => {
    const nodes = specs.map(({ presence, dependsOn, refs }, index): DesiredNode => {
      const earlier = (other: number) => `n${other % Math.max(1, index)}`;
      return thing(`n${index}`, {
        presence: presence as DesiredNode['presence'],
        body: index === 0 ? X1 : refersTo(...refs.map(earlier)),
        dependsOn:
          index === 0
            ? []
            : dependsOn.map(([other, when]) => ({ id: id(earlier(other)), when: when as 'always' | 'existing' })),
      });
    });
    const observed = new Map<string, JsonObject | null>();
    specs.forEach(({ before }, index) => {
      const node = nodes[index];
      if (node === undefined || before === 'notLookedFor') return;
      observed.set(
        normaliseId(node.id),
        before === 'absent' ? null : before === 'drifted' ? { properties: { x: 7, more: 1 } } : node.body,
      );
    });
    const ledger = nodes.filter((_, index) => specs[index]?.inLedger).map((node) => written(node));
    const declared = nodes.filter((_, index) => specs[index]?.declared);
    return { declared, observed, ledger };
  });

describe('planChanges over any world', () => {
  it('lists changes after everything they depend on, by ids of the plan, each resource once', () => {
    fc.assert(
      fc.property(worlds, ({ declared, observed, ledger }) => {
        const made = plan(declared, { observed, ledger, teardown: true });

        const seen = new Set<string>();
        for (const change of made.changes) {
          for (const other of change.dependsOn) expect(seen.has(other)).toBe(true);
          expect(seen.has(change.id)).toBe(false);
          seen.add(change.id);
        }
        for (const { id: refused } of made.refused) expect(seen.has(refused)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is empty after its own apply', () => {
    fc.assert(
      fc.property(worlds, ({ declared, observed, ledger }) => {
        const made = plan(declared, { observed, ledger, teardown: true });

        const world = new Map(observed);
        const rows = new Map(ledger.map((row) => [normaliseId(row.id), row]));
        for (const { id: changed, action } of made.changes) {
          const key = normaliseId(changed);
          const node = declared.find((one) => one.id === changed);
          const row = rows.get(key);
          if (action === 'delete') {
            world.set(key, null);
            rows.delete(key);
            continue;
          }
          const actual = world.get(key) ?? null;
          world.set(key, mergeForWrite(node?.body ?? {}, actual, THING.comparison, ownedBeforeOf(row)));
          if (node === undefined) rows.delete(key);
          else rows.set(key, written(node, { created: row?.created ?? action === 'create' }));
        }

        expect(plan(declared, { observed: world, ledger: [...rows.values()], teardown: true }).changes).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('never deletes what is not in the ledger as made by us', () => {
    fc.assert(
      fc.property(worlds, ({ declared, observed, ledger }) => {
        const ours = new Set(ledger.filter(({ created }) => created).map((row) => row.id));

        for (const change of plan(declared, { observed, ledger, teardown: true }).changes) {
          if (change.action === 'delete') expect(ours.has(change.id)).toBe(true);
        }
      }),
    );
  });

  it('does not depend on the order of ledger and observations', () => {
    fc.assert(
      fc.property(worlds, ({ declared, observed, ledger }) => {
        const made = plan(declared, { observed, ledger, teardown: true });
        const turned = plan(declared, {
          observed: new Map([...observed].reverse()),
          ledger: ledger.toReversed(),
          teardown: true,
        });

        expect(turned).toEqual(made);
      }),
    );
  });
});

describe('planChanges of a large baseline', () => {
  function callsFor(count: number): number {
    let calls = 0;
    const counted: PlanInput['kinds'] = () => ({
      ...THING,
      comparison: THING.comparison,
      referencesOf: (body) => {
        calls++;
        return THING.referencesOf(body);
      },
      riskOf: (action, differences) => {
        calls++;
        return THING.riskOf(action, differences);
      },
      foreignContentOf: (actual, isOurs) => {
        calls++;
        return THING.foreignContentOf(actual, isOurs);
      },
    });
    const nodes = Array.from({ length: count }, (_, index) =>
      thing(`n${index}`, {
        body: index < 9 ? X1 : refersTo(`n${index - 9}`, `n${index % 9}`),
        dependsOn: index < 9 ? [] : always(`n${index - 9}`, `n${index % 9}`),
      }),
    );
    const observed = new Map(nodes.map((node, index) => [normaliseId(node.id), index % 2 === 0 ? X2 : node.body]));
    const made = plan(nodes.slice(0, count / 2), {
      observed,
      ledger: nodes.map((node) => written(node)),
      kinds: counted,
    });
    expect(made.changes.length).toBeGreaterThan(count / 2);
    return calls;
  }

  it('asks the kinds a number of questions that grows with the resources, not with their pairs', () => {
    expect(callsFor(1000) / callsFor(250)).toBeLessThanOrEqual(4.1);
  });
});
