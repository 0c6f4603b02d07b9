import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import { compare } from '../../../lib/plan/compare.ts';
import { type DifferenceRules, type RuledGraph, ruledGraph } from '../../../lib/plan/drift-rules.ts';
import type { DesiredNode } from '../../../lib/plan/graph.ts';
import { mergeForWrite, ownedBeforeOf } from '../../../lib/plan/merge.ts';
import {
  DRIFT_POLICIES,
  type DriftPolicy,
  REACTION_MODES,
  type ReactionRule,
} from '../../../lib/plan/reaction-rules.ts';
import { THING, thing, written } from './small-kind.ts';

const DECLARED: JsonObject = {
  properties: { x: 1, parts: ['a', 'bb', 'ccc'].map((name) => ({ name, size: name.length })) },
};
const NODE: DesiredNode = thing('t', { body: DECLARED });
const ROW = written(NODE);
const KEY = NODE.id.toLowerCase();

function policy(word: DriftPolicy, path?: string): ReactionRule {
  const mode = REACTION_MODES[DRIFT_POLICIES.indexOf(word)] ?? 'off';
  return { mode, policy: word, source: `rule ${word}`, owner: 'spec', ...(path === undefined ? {} : { path }) };
}

function rules(over: Partial<DifferenceRules> = {}): DifferenceRules {
  const reactionRules: readonly ReactionRule[] = [{ mode: 'act', source: 'drift.mode', owner: 'spec' }];
  return { reactionRules, attended: false, approvalFrom: 'destructive', specIsApplied: true, ...over };
}

function ruled(actual: JsonObject, under: DifferenceRules, kind = THING): RuledGraph {
  const graph = { baseline: 'b', nodes: [NODE] };
  return ruledGraph(graph, new Map([[KEY, actual]]), new Map([[KEY, ROW]]), () => kind, under);
}

/** Paths in which a write would still change the resource. */
function left(actual: JsonObject, { graph }: RuledGraph): readonly string[] {
  const [node = NODE] = graph.nodes;
  return compare(node.body, actual, THING.comparison, ownedBeforeOf(ROW)).differences.map(({ path }) => path);
}

const DRIFTED: JsonObject = {
  properties: {
    x: 7,
    parts: [
      { name: 'a', size: 9 },
      { name: 'ccc', size: 3 },
      { name: 'theirs', size: 1 },
    ],
  },
};
const X = 'properties.x';
const A = 'properties.parts[a].size';
const BB = 'properties.parts[bb]';

describe('what another operation is to settle', () => {
  const leftTo = (...paths: readonly (readonly [path: string, before: number])[]) => ({
    left: [
      {
        operationId: 'base-7',
        changes: [
          {
            id: NODE.id.toUpperCase(),
            action: 'update' as const,
            diff: paths.map(([path, before]) => ({ path, before, after: 0 })),
          },
        ],
      },
    ],
  });

  it('stays as it is while the rest is written, and is no drift', () => {
    const result = ruled(DRIFTED, rules(leftTo([X, 7])));

    expect(left(DRIFTED, result)).toEqual([A, BB]);
    expect(result).toMatchObject({ kept: [], postponed: [] });
    expect(result.refused).toEqual([
      {
        id: NODE.id,
        code: 'LeftToOperation',
        why: 'The operation base-7, which waits, has yet to change properties.x.',
      },
    ]);
  });

  it('is told where somebody has changed it since that was planned', () => {
    const result = ruled(DRIFTED, rules(leftTo([X, 5], [A, 9])));

    expect(left(DRIFTED, result)).toEqual([BB]);
    expect(result.refused.map(({ code }) => code)).toEqual(['LeftToOperation', 'WaitsBehindOperation']);
    expect(result.refused[1]?.why).toContain('Somebody has changed properties.x');
  });

  it('is never written, nor is anything else kept for it, whatever it is', () => {
    const paths = [X, A, BB];
    fc.assert(
      fc.property(fc.subarray(paths), (chosen) => {
        const result = ruled(DRIFTED, rules(leftTo(...chosen.map((path) => [path, 0] as const))));

        expect(left(DRIFTED, result)).toEqual(paths.filter((path) => !chosen.includes(path)));
        expect(result.refused.length > 0).toBe(chosen.length > 0);
      }),
    );
  });
});

describe('rules about single properties', () => {
  it('leave what is reported as it is and let the rest be written', () => {
    const { reactionRules } = rules();
    const under = rules({ reactionRules: [...reactionRules, policy('report', X)] });

    const result = ruled(DRIFTED, under);

    expect(left(DRIFTED, result)).toEqual([A, BB]);
    expect(result.kept).toEqual([
      {
        id: NODE.id,
        kind: 'thing',
        path: X,
        before: 7,
        after: 1,
        policy: 'report',
        why: expect.stringContaining('rule report'),
      },
    ]);
    expect(result.refused).toEqual([
      {
        id: NODE.id,
        code: 'DriftReported',
        why: expect.stringMatching(/properties\.x and stays so.*Change or remove that rule/),
      },
    ]);
  });

  it('leave a missing entry away where that is ignored', () => {
    const { reactionRules } = rules();
    const under = rules({ reactionRules: [...reactionRules, policy('ignore', 'properties.parts[bb]')] });

    const result = ruled(DRIFTED, under);

    expect(left(DRIFTED, result)).toEqual([X, A]);
    expect(result.refused).toMatchObject([{ code: 'DriftIgnored' }]);
  });

  it('write what is enforced first, then ask about the rest', () => {
    const { reactionRules } = rules();
    const under = rules({ reactionRules: [...reactionRules, policy('approve', X)] });

    const first = ruled(DRIFTED, under);
    const [node = NODE] = first.graph.nodes;
    const after = mergeForWrite(node.body, DRIFTED, THING.comparison, ownedBeforeOf(ROW));
    const second = ruled(after, under);

    expect(left(DRIFTED, first)).toEqual([A, BB]);
    expect(first.refused).toEqual([]);
    expect(first.postponed).toEqual([
      {
        id: NODE.id,
        kind: 'thing',
        path: X,
        before: 7,
        after: 1,
        owner: 'spec',
        takesAway: false,
        needsApproval: true,
      },
    ]);
    expect(second.postponed).toEqual([]);
    expect(left(after, second)).toEqual([X]);
  });

  it('leave to another writer what is contested, and ask about the rest at once', () => {
    const { reactionRules } = rules();
    const contested = [{ id: NODE.id.toUpperCase(), path: A, stopped: true, untilIso: '2026-06-02T00:00:00.000Z' }];
    const under = rules({ reactionRules: [...reactionRules, policy('approve', X), policy('approve', BB)], contested });

    const result = ruled(DRIFTED, under);

    expect(left(DRIFTED, result)).toEqual([X, BB]);
    expect(result).toMatchObject({
      kept: [{ path: A, policy: 'contested' }],
      refused: [{ id: NODE.id, code: 'WriterConflict', why: expect.stringContaining(`keeps changing ${A} back`) }],
      postponed: [],
    });
    expect(left(DRIFTED, ruled(DRIFTED, { ...under, attended: true }))).toEqual([X, A, BB]);
    const waits = { ...under, contested: contested.map((one) => ({ ...one, stopped: false })) };
    expect(left(DRIFTED, ruled(DRIFTED, waits))).toEqual([A]);
  });

  it('keep what is destructive apart from what is not', () => {
    const risky = {
      ...THING,
      riskOf: (_: unknown, diff: readonly { path: string }[]) =>
        diff.some(({ path }) => path === X) ? ('destructive' as const) : ('safe' as const),
    };

    expect(left(DRIFTED, ruled(DRIFTED, rules({ approvalFrom: 'never' }), risky))).toEqual([A, BB]);
  });

  it('let an adjustment through beside a drift that is only told', () => {
    const node = { ...NODE, fieldOwners: { [X]: 'adjustment' as const } };
    const reactionRules: readonly ReactionRule[] = [
      { mode: 'observe', source: 'drift.mode', owner: 'spec' },
      { mode: 'act', source: 'adjustments', owner: 'adjustment' },
    ];

    const result = ruledGraph(
      { baseline: 'b', nodes: [node] },
      new Map([[KEY, DRIFTED]]),
      new Map([[KEY, ROW]]),
      () => THING,
      rules({ reactionRules }),
    );

    expect(left(DRIFTED, result)).toEqual([X]);
    expect(result.kept.map(({ path }) => path)).toEqual([A, BB]);
  });

  it('write what a person adjusts alone, and the rest after it under rules of its own', () => {
    const node = { ...NODE, fieldOwners: { [X]: 'adjustment' as const } };
    const look = (mode: ReactionRule['mode'], actual: JsonObject) => {
      const reactionRules: readonly ReactionRule[] = [
        { mode, source: 'drift.mode', owner: 'spec' },
        { mode: 'act', source: 'adjustments', owner: 'adjustment' },
      ];
      const ledger = new Map([[KEY, ROW]]);
      const under = rules({ reactionRules, attendedOwner: 'adjustment' });
      return ruledGraph({ baseline: 'b', nodes: [node] }, new Map([[KEY, actual]]), ledger, () => THING, under);
    };
    const RIGHT: JsonObject = { properties: { ...(DRIFTED.properties as JsonObject), x: 1 } };

    for (const mode of ['observe', 'propose', 'act'] as const) {
      const first = look(mode, DRIFTED);
      expect(left(DRIFTED, first)).toEqual([X]);
      const later = [A, BB].map((path) => expect.objectContaining({ path, needsApproval: mode === 'propose' }));
      expect(first.postponed).toEqual(mode === 'observe' ? [] : later);
      if (mode !== 'observe') expect(left(RIGHT, look(mode, RIGHT))).toEqual([A, BB]);
    }
  });

  it.each([
    ['ignore', true, true],
    ['ignore', false, true],
    ['report', true, true],
    ['report', false, false],
    ['approve', true, false],
  ] as const)('%s, spec applied: %s: binds a person’s own request: %s', (word, specIsApplied, binds) => {
    const under = rules({ attended: true, specIsApplied, reactionRules: [policy(word, X)] });

    const result = ruled(DRIFTED, under);

    expect(left(DRIFTED, result)).toEqual(binds ? [A, BB] : [X, A, BB]);
  });

  it.each<readonly [string, string, boolean]>([
    ['the resource', NODE.id, true],
    ['another one', '/other', false],
  ])('report: binds a person under a spec that is not applied where %s was as declared: %s', (_, id, binds) => {
    const wasAsDeclared = (asked: string) => asked === id;
    const under = rules({ attended: true, specIsApplied: false, wasAsDeclared, reactionRules: [policy('report', X)] });

    expect(left(DRIFTED, ruled(DRIFTED, under))).toEqual(binds ? [A, BB] : [X, A, BB]);
  });

  it('leave alone what others made under a name of ours', () => {
    const under = rules({ reactionRules: [policy('ignore')] });
    const graph = { baseline: 'b', nodes: [NODE] };

    expect(ruledGraph(graph, new Map([[KEY, DRIFTED]]), new Map(), () => THING, under).kept).toEqual([]);
  });

  it('never write a property that one of them reports or ignores, whatever the others say', () => {
    const drift = fc.record({
      x: fc.constantFrom(1, 2),
      parts: fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'bb', 'ccc', 'theirs'), size: fc.nat(4) }), {
        selector: ({ name }) => name,
      }),
    });
    const paths = fc.constantFrom(X, 'properties.parts', 'properties.parts[]', A, BB, 'properties');
    const list = fc.array(fc.record({ word: fc.constantFrom(...DRIFT_POLICIES), path: paths }), { maxLength: 4 });
    const fought = fc.subarray([X, A, BB]);
    fc.assert(
      fc.property(drift, list, fc.boolean(), fought, (properties, policies, attended, contestedPaths) => {
        const actual: JsonObject = { properties };
        const reactionRules = [...rules().reactionRules, ...policies.map(({ word, path }) => policy(word, path))];
        const contested = contestedPaths.map((path) => ({ id: NODE.id, path, stopped: true, untilIso: '2026-06-02' }));
        const under = rules({ reactionRules, attended, contested });

        const result = ruled(actual, under);

        const told = new Set(result.kept.map(({ path }) => path));
        const still = left(actual, result);
        for (const path of still) expect(told.has(path)).toBe(false);
        if (!attended) for (const path of still) expect(contestedPaths).not.toContain(path);
        const all = compare(DECLARED, actual, THING.comparison, ownedBeforeOf(ROW)).differences;
        const allPaths = all.map(({ path }) => path).sort();
        // Every difference is written, told as staying, or told as coming later.
        expect([...told, ...still, ...result.postponed.map(({ path }) => path)].sort()).toEqual(allPaths);
        const quiet = ruled(
          actual,
          rules({ reactionRules: reactionRules.filter((rule) => rule.policy !== 'approve'), attended, contested }),
        );
        // Without anything that waits, every difference is either written or told.
        expect([...quiet.kept.map(({ path }) => path), ...left(actual, quiet)].sort()).toEqual(allPaths);
      }),
    );
  });
});
