import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../lib/json.ts';
import type { Change } from '../../../lib/plan/plan.ts';
import { worldsOf } from '../../../lib/plan/worlds.ts';
import { kinds, observedAs, thing, written } from './small-kind.ts';

const NODE = thing('a', { body: { properties: { x: 1, parts: [{ name: 'ours', y: 1 }] } } });
const KEY = NODE.id.toLowerCase();

/** The digest of a change of the resource as it is found. */
function worldOf(actual: JsonObject | null, action: Change['action'] = 'update'): string | undefined {
  const change: Change = {
    id: NODE.id,
    kind: 'thing',
    action,
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
  };
  const world = {
    plan: { changes: [change] },
    nodes: new Map([[KEY, NODE]]),
    observed: observedAs([NODE.id, actual]),
    ledger: new Map([[KEY, written(NODE)]]),
  };
  return worldsOf(world, kinds).get(KEY);
}

function found(more: JsonObject, parts: readonly JsonObject[] = [], state = 'Succeeded', etag = '"1"'): JsonObject {
  const ours = { name: 'ours', y: 1 };
  return { id: NODE.id, etag, properties: { x: 2, provisioningState: state, parts: [ours, ...parts], ...more } };
}

describe('the world of a change', () => {
  it('is the same whatever Azure itself changes, and another one with what others change', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer(), (state, etag, value) => {
        const world = worldOf(found({}));

        expect(worldOf(found({}, [], state, etag))).toBe(world);
        expect(worldOf(found({ theirs: value }))).not.toBe(world);
        expect(worldOf(found({}, [{ name: 'theirs', y: value }]))).not.toBe(world);
      }),
    );
  });

  it('is the same while there is nothing, and moves with what is to be deleted', () => {
    expect(worldOf(null, 'create')).toBe(worldOf(null, 'create'));
    expect(worldOf(found({}), 'delete')).toBe(worldOf(found({}, [], 'Failed'), 'delete'));
    expect(worldOf(found({}), 'delete')).not.toBe(worldOf(found({ theirs: 1 }), 'delete'));
  });
});
