import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provision, sampleSpec, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const SUBSCRIPTION = '00000000-0000-4000-8000-000000000001';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
}, 120_000);

afterAll(() => environment.stop());

describe('operations that take as long as they happen to take', () => {
  it.each(SEEDS)(
    'lead to no write that another one of ours is in the way of: seed %i',
    async (seed) => {
      // A subscription of its own: nothing of the seeds before is in the way or counted.
      const subscription = `${String(seed).padStart(8, '0')}-0000-4000-8000-000000000001`;
      await environment.sim('PUT', 'subscriptions', { [subscription]: {} });
      await environment.sim('PUT', 'latency', { seed, spread: 1 });
      const spec = sampleSpec()
        .replace(/^name: .*$/m, `name: latency-${seed}`)
        .replaceAll(SUBSCRIPTION, subscription);

      const { state, errors } = await provision(environment, `latency-${seed}`, spec);

      expect({ state, errors }).toEqual({ state: 'succeeded', errors: [] });
      const { resources } = await statistics(environment);
      const own = Object.entries(resources).filter(([id]) => id.includes(subscription));
      expect(own.length).toBeGreaterThan(0);
      expect(own.filter(([, { rejected }]) => Object.keys(rejected).length > 0)).toEqual([]);
      expect(own.filter(([, { creates }]) => creates > 1)).toEqual([]);
    },
    60_000,
  );
});
