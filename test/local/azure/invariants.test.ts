import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isJsonObject, type Json } from '../../../local/azure/json.ts';
import { collide } from '../../../local/azure/lock-collision.ts';
import type { RunningOperation } from '../../../local/azure/resource-type.ts';
import { driverWithGroup, GROUP, property, type SimulationDriver } from './support/simulation-driver.ts';

const TOYS = `${GROUP}/providers/Microsoft.Toy`;
const BOXES = ['a', 'b'].map((name) => `${TOYS}/boxes/${name}`);
const IDS = [
  ...BOXES,
  ...BOXES.flatMap((box) => [`${box}/parts/p`, `${box}/parts/q`]),
  ...['x', 'y'].map((name) => `${TOYS}/engines/${name}`),
  `${TOYS}/zones/z`,
  `${TOYS}/boxes/a/providers/Microsoft.Toy/notes/n`,
];
const TERMINAL = ['Succeeded', 'Failed', 'Canceled'];

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('PUT' as const),
      id: fc.constantFrom(...IDS),
      box: fc.constantFrom(...BOXES, ''),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('DELETE' as const), id: fc.constantFrom(...IDS, GROUP) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('PATCH' as const), id: fc.constantFrom(...IDS) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), seconds: fc.constantFrom(1, 10, 45, 90, 400) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(azure: SimulationDriver, one: Step): void {
  switch (one.kind) {
    case 'PUT': {
      const location = one.id.includes('/zones/') ? 'global' : 'westeurope';
      const properties = one.box === '' ? {} : { box: one.box };
      check(azure.call('PUT', one.id, { location, properties }));
      return;
    }
    case 'PATCH':
      check(azure.call('PATCH', one.id, { tags: { touched: 'yes' } }));
      return;
    case 'DELETE':
      check(azure.call('DELETE', one.id));
      return;
    case 'advance':
      azure.advance(one.seconds);
      return;
    case 'restart': {
      const before = azure.simulation.state();
      azure.restart();
      expect(azure.simulation.state()).toEqual(before);
      return;
    }
    case 'fail':
      azure.simulation.faults.add({ method: 'PUT', times: 1, effect: { kind: 'fail-operation', code: 'OutOfLuck' } });
      return;
  }
}

function check({ status, code, message }: ReturnType<SimulationDriver['call']>): void {
  expect(status).not.toBe(500);
  if (status < 400) expect(code).toBeUndefined();
  else expect([typeof code, typeof message]).toEqual(['string', 'string']);
}

function resources(azure: SimulationDriver): readonly Json[] {
  const state = azure.simulation.state();
  return isJsonObject(state) && Array.isArray(state.resources) ? state.resources : [];
}

function running(azure: SimulationDriver): readonly RunningOperation[] {
  const found = [GROUP, ...IDS].map((id) => azure.simulation.world.operationOn(id));
  const distinct = new Map(found.filter((one) => one !== undefined).map((one) => [one.id, one]));
  return [...distinct.values()];
}

describe('whatever is asked of it, simulated Azure', () => {
  it('never runs two operations in each other’s way, and comes to rest by itself', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const azure = driverWithGroup();
        try {
          for (const one of steps) {
            take(azure, one);
            const operations = running(azure);
            for (const [index, operation] of operations.entries()) {
              for (const other of operations.slice(index + 1)) {
                const collision = operation.locks.some((mine) => other.locks.some((theirs) => collide(mine, theirs)));
                expect(collision).toBe(false);
              }
            }
          }
          azure.advance(100_000);
          expect(running(azure)).toEqual([]);
          for (const resource of resources(azure)) {
            if (!isJsonObject(resource) || resource.type === 'Microsoft.Toy/notes') continue;
            expect(TERMINAL).toContain(property(resource, 'provisioningState'));
          }
          for (const resource of resources(azure)) {
            const box = isJsonObject(resource) ? property(resource, 'box') : undefined;
            const isEngine = isJsonObject(resource) && resource.type === 'Microsoft.Toy/engines';
            if (isEngine && typeof box === 'string') expect(azure.call('GET', box).status).toBe(200);
          }
        } finally {
          azure.dispose();
        }
      }),
      { numRuns: 60 },
    );
  });
});
