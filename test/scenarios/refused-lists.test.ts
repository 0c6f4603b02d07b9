import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalBody } from '../../lib/api/approval.ts';
import { put } from '../support/baseline-scenario.ts';
import { driftOf, linesOf, scan, untilOver } from '../support/drift-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { type SmallSpec, Stage } from '../support/stage.ts';

/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const NOT_FOUND = { status: 404, code: 'NotFound' };

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'refused-lists' });
}, WITHIN_MS);

afterAll(() => environment?.stop());

function wanted(spec: SmallSpec): void {
  spec.mode = 'full';
  spec.drift = { mode: 'act' };
}

async function opened(): Promise<Stage> {
  const stage = await Stage.open(environment);
  expect(await stage.provision(stage.spec(wanted))).toMatchObject({ state: 'succeeded', errors: [] });
  return stage;
}

describe('a list that is not found', () => {
  it(
    'of a subscription puts a scan off and makes nothing of a baseline missing',
    async () => {
      const stage = await opened();
      const writes = await stage.writes();
      for (const type of ['networkSecurityGroups', 'virtualNetworks'])
        await stage.fault('GET', `providers/Microsoft.Network/${type}\\?api-version`, NOT_FOUND);

      const operation = await scan(stage);

      expect(await stage.faultsLeft()).toBe(0);
      expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
      expect((await driftOf(stage)).drifts).toEqual([]);
      const { body } = await environment.api<{ approvals: readonly ApprovalBody[] }>(
        'GET',
        `/api/approvals?baseline=${stage.name}`,
      );
      expect(body.approvals).toEqual([]);
      expect(await stage.writes()).toBe(writes);
      expect((await linesOf(stage, 'planning postponed')).length).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );

  it(
    'of a resource group lets nobody take the group for empty, and fails when it does not pass',
    async () => {
      const stage = await opened();
      const theirs = stage.id('rg-b', 'publicIPAddresses/pip-theirs');
      await stage.colleague('PUT', theirs, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        properties: { publicIPAllocationMethod: 'Static' },
      });
      await stage.fault('GET', 'rg-b/resources', NOT_FOUND, 1_000);
      const withoutB = stage.spec((spec) => {
        wanted(spec);
        spec.approvals = { requiredFor: 'none' };
        spec.spokes = spec.spokes.slice(0, 1);
      });

      const failed = await untilOver(stage, await put(environment, stage.name, withoutB));

      expect(failed).toMatchObject({ state: 'failed', errors: [{ code: 'NotFound', actor: 'operator' }] });
      expect((await stage.world()).has(theirs.toLowerCase())).toBe(true);

      await environment.sim('DELETE', 'faults');
      const { body } = await environment.api<{ operationId: string }>('POST', `/api/baselines/${stage.name}/reconcile`);
      const operation = await untilOver(stage, body.operationId);

      expect(operation.state).toBe('partial');
      expect(operation.errors).toMatchObject([{ code: 'ResourceGroupNotEmpty', resource: stage.id('rg-b') }]);
      const world = await stage.world();
      expect(world.has(theirs.toLowerCase())).toBe(true);
      expect(world.has(stage.id('rg-b', 'virtualNetworks/vnet-spoke-b').toLowerCase())).toBe(false);
    },
    WITHIN_MS,
  );
});
