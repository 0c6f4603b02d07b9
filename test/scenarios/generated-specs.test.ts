import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planOf, provision, resources, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { generatedSpec } from '../support/generated-specs.ts';
import { makeForeign } from '../support/make-foreign.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
}, 120_000);

afterAll(() => environment.stop());

describe('a generated spec', () => {
  it.each(SEEDS)(
    'is provisioned without a refusal and leaves nothing to do: seed %i',
    async (seed) => {
      const { name, yaml, subscriptions, foreign } = generatedSpec(seed);
      await environment.sim('PUT', 'subscriptions', Object.fromEntries(subscriptions.map((id) => [id, {}])));
      await makeForeign(environment, foreign);

      const { state, errors, progress } = await provision(environment, name, yaml);

      expect({ state, errors, left: progress.total - progress.done }).toEqual({
        state: 'succeeded',
        errors: [],
        left: 0,
      });
      const { resources: counted } = await statistics(environment);
      const refused = Object.entries(counted).filter(([, { rejected }]) => Object.keys(rejected).length > 0);
      expect(refused).toEqual([]);
      expect(Object.values(counted).every(({ creates }) => creates <= 1)).toBe(true);
      expect(await planOf(environment, name)).toMatchObject({ changes: [], refused: [] });
      const found = await resources(environment);
      for (const { id, kind } of foreign) {
        const body = JSON.stringify(found.get(id.toLowerCase()));
        if (kind === 'virtualNetwork')
          expect(body).toMatch(/snet-theirs.*"theirs":"stays"|"theirs":"stays".*snet-theirs/);
      }
    },
    60_000,
  );
});
