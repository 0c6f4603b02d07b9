import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resolve } from '../../../lib/baseline/resolve.ts';
import { baselineSpec } from '../../../lib/baseline/spec.ts';
import { isJsonObject, type JsonObject } from '../../../lib/json.ts';
import { missingBeside } from '../../../lib/plan/closure.ts';
import { planChanges } from '../../../lib/plan/diff.ts';
import { type DesiredNode, normaliseId } from '../../../lib/plan/graph.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { WorldInMemory } from '../../support/applied-plan.ts';
import { arbitrarySpec } from '../../support/arbitrary-spec.ts';

/** What somebody did to a resource. */
const deeds = ['nothing', 'deleted', 'tagged', 'moved', 'renumbered', 'emptied', 'deleting'] as const;

function after(body: JsonObject, deed: (typeof deeds)[number]): JsonObject | null {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  switch (deed) {
    case 'nothing':
      return body;
    case 'deleted':
      return null;
    case 'tagged':
      return { ...body, tags: { theirs: 'yes' } };
    case 'moved':
      return { ...body, location: 'elsewhere' };
    case 'renumbered':
      return { ...body, properties: { ...properties, addressSpace: { addressPrefixes: ['203.0.113.0/24'] } } };
    case 'emptied':
      return { ...body, properties: { provisioningState: 'Succeeded' } };
    case 'deleting':
      return { ...body, properties: { ...properties, provisioningState: 'Deleting' } };
  }
}

/** The world of a spec after its plan was applied and some of it changed by others. */
const drifted = fc
  .record({
    spec: arbitrarySpec(),
    deeds: fc.infiniteStream(
      fc.oneof({ weight: 4, arbitrary: fc.constant('nothing' as const) }, fc.constantFrom(...deeds)),
    ),
  })
  .map(({ spec, deeds: done }) => {
    const world = new WorldInMemory(resolve(baselineSpec.parse(spec)));
    world.apply(world.plan());
    for (const { id } of world.graph.nodes) {
      const body = world.bodyOf(id);
      const deed = done.next().value ?? 'nothing';
      if (body !== undefined) world.drift(id, after(body, deed));
    }
    return world;
  });

/** The plan after a look at the named resources, and at whatever that turned out to need. */
function planFrom(world: WorldInMemory, named: readonly DesiredNode[]): { plan: Plan; looked: ReadonlySet<string> } {
  const looked = new Set(named.map(({ id }) => normaliseId(id)));
  for (;;) {
    const input = world.input(({ id }) => looked.has(normaliseId(id)));
    const missing = missingBeside(input);
    if (missing.length === 0) return { plan: planChanges(input), looked };
    for (const { id } of missing) looked.add(normaliseId(id));
  }
}

const sorted = <One extends { readonly id: string }>(list: readonly One[]) =>
  list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
const withoutOrder = ({ changes, refused }: Plan) => ({
  changes: sorted(changes).map(({ dependsOn: _, ...change }) => change),
  refused: sorted(refused),
});

describe('a plan from a look at some resources', () => {
  it('is the plan of everything, restricted to what was looked at', () => {
    fc.assert(
      fc.property(drifted, fc.infiniteStream(fc.nat(9)), (world, chance) => {
        const named = world.graph.nodes.filter(() => chance.next().value === 0);
        const { plan, looked } = planFrom(world, named);
        const whole = planChanges(world.input());
        const isLookedAt = ({ id }: { readonly id: string }) => looked.has(normaliseId(id));

        expect(withoutOrder(plan)).toEqual(
          withoutOrder({
            ...whole,
            changes: whole.changes.filter(isLookedAt),
            refused: whole.refused.filter(isLookedAt),
          }),
        );
        expect(plan.forget).toBeUndefined();
        const order = plan.changes.map(({ id }) => id);
        const wholeOrder = new Map(whole.changes.map((change) => [change.id, change]));
        for (const change of plan.changes) {
          const direct = (wholeOrder.get(change.id)?.dependsOn ?? []).filter((id) => looked.has(normaliseId(id)));
          for (const id of direct) expect(order.indexOf(id)).toBeLessThan(order.indexOf(change.id));
        }
      }),
      { numRuns: 300 },
    );
  }, 120_000);

  it('looks at nothing more where nothing is to be changed', () => {
    fc.assert(
      fc.property(arbitrarySpec(), fc.infiniteStream(fc.nat(9)), (spec, chance) => {
        const world = new WorldInMemory(resolve(baselineSpec.parse(spec)));
        world.apply(world.plan());
        const named = world.graph.nodes.filter(
          ({ kind }) => kind !== 'virtualNetworkPeering' && chance.next().value === 0,
        );

        expect(planFrom(world, named).looked.size).toBe(named.length);
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
