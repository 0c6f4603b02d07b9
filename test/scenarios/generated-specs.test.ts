import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planOf, provision, resources, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import type { ForeignResource } from '../support/foreign-resources.ts';
import { generatedSpec } from '../support/generated-specs.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
}, 120_000);

afterAll(() => environment.stop());

async function make(foreign: readonly ForeignResource[]): Promise<void> {
  for (const { id, apiVersion, body } of foreign) {
    const { status, body: answer } = await environment.armAs(
      'colleague',
      'PUT',
      `${id}?api-version=${apiVersion}`,
      body,
    );
    expect({ id, accepted: status < 300, answer: status < 300 ? {} : answer }).toEqual({
      id,
      accepted: true,
      answer: {},
    });
    await environment.advance(60);
  }
}

describe('a generated spec', () => {
  it.each(SEEDS)(
    'is provisioned without a refusal and leaves nothing to do: seed %i',
    async (seed) => {
      const { name, yaml, subscriptions, foreign } = generatedSpec(seed);
      await environment.sim('PUT', 'subscriptions', Object.fromEntries(subscriptions.map((id) => [id, {}])));
      await make(foreign);

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
