import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { provision, resources, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { generatedSpec } from '../support/generated-specs.ts';
import { makeForeign } from '../support/make-foreign.ts';

/** Specs with adopted hubs and spokes that are peered, firewalls and Bastions in adopted networks, shared DDoS plans. */
const SEEDS = [1, 5, 6, 8, 10];
/** What Azure changes with each write, whoever makes it. */
const CHANGES_BY_ITSELF = new Set(['etag', 'resourceGuid', 'changedTime']);

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
}, 120_000);

afterAll(() => environment.stop());

/** Everything in these subscriptions. Azure keeps a deleted workspace for a while. */
async function contentOf(subscriptions: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const found = [...(await resources(environment))].filter(
    ([id]) => subscriptions.some((subscription) => id.includes(subscription)) && !id.includes('/deletedworkspaces/'),
  );
  const lasting = (name: string, value: unknown) => (CHANGES_BY_ITSELF.has(name) ? undefined : value);
  return new Map(found.map(([id, body]) => [id, JSON.parse(JSON.stringify(body, lasting))]));
}

describe('the teardown of a generated spec', () => {
  it.each(SEEDS)(
    'leaves what others made as it was before, and nothing else: seed %i',
    async (seed) => {
      const { name, yaml, subscriptions, foreign } = generatedSpec(seed);
      await environment.sim('PUT', 'subscriptions', Object.fromEntries(subscriptions.map((id) => [id, {}])));
      await makeForeign(environment, foreign);
      const before = await contentOf(subscriptions);
      expect((await provision(environment, name, yaml)).state).toBe('succeeded');

      const asked = await environment.api<{ operationId: string; planHash: string }>(
        'DELETE',
        `/api/baselines/${name}`,
      );
      await untilSettled(environment, asked.body.operationId);
      const decision = { decision: 'approve' };
      const approver = { 'x-hubkeeper-user': 'approver' };
      await environment.api('POST', `/api/approvals/${asked.body.planHash}`, decision, approver);
      const { state, errors, refused } = await environment.advanceUntil(
        'the teardown is over',
        async () => {
          const operation = await untilSettled(environment, asked.body.operationId);
          return operation.state === 'waiting' ? undefined : operation;
        },
        4 * 3_600,
      );

      expect({ state, errors, refused }).toEqual({ state: 'succeeded', errors: [], refused: [] });
      expect(await contentOf(subscriptions)).toEqual(before);
      const { resources: counted } = await statistics(environment);
      const rejected = Object.entries(counted).filter(
        ([id, counts]) =>
          subscriptions.some((subscription) => id.includes(subscription)) && Object.keys(counts.rejected).length > 0,
      );
      expect(rejected).toEqual([]);
    },
    120_000,
  );
});
