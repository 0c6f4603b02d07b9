import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OperationBody } from '../../lib/api/operation.ts';
import { put, untilSettled } from '../support/baseline-scenario.ts';
import { linesOf, untilOver } from '../support/drift-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { Stage } from '../support/stage.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'foreign-in-groups' });
});

afterAll(() => environment?.stop());

interface Asked {
  readonly operationId: string;
  readonly planHash: string;
}

async function dropSpoke(stage: Stage): Promise<Asked> {
  const operationId = await put(
    environment,
    stage.name,
    stage.spec((spec) => {
      spec.mode = 'full';
      spec.spokes = spec.spokes.slice(0, 1);
    }),
  );
  const { planHash } = await untilSettled(environment, operationId);
  return { operationId, planHash: planHash ?? '' };
}

async function askForTeardown(stage: Stage): Promise<Asked> {
  const { body } = await environment.api<Asked>('DELETE', `/api/baselines/${stage.name}`);
  await untilSettled(environment, body.operationId);
  return body;
}

async function isThere(stage: Stage, id: string): Promise<boolean> {
  return (await stage.world()).has(id.toLowerCase());
}

/** What was asked for is approved, and somebody makes an address in the group when our network has gone from it. */
async function deletedBeside(
  ask: (stage: Stage) => Promise<Asked>,
): Promise<{ readonly stage: Stage; readonly theirs: string; readonly operation: OperationBody }> {
  const stage = await Stage.open(environment);
  await stage.provision(
    stage.spec((spec) => {
      spec.mode = 'full';
    }),
  );
  const { operationId, planHash } = await ask(stage);
  await stage.approve(planHash);
  const network = stage.id('rg-b', 'virtualNetworks/vnet-spoke-b');
  await environment.advanceUntil(
    'the network of the group is gone',
    async () => ((await isThere(stage, network)) ? undefined : true),
    1_800,
    1,
  );
  const theirs = stage.id('rg-b', 'publicIPAddresses/pip-theirs');
  await stage.colleague('PUT', theirs, {
    location: 'westeurope',
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static' },
  });
  return { stage, theirs, operation: await untilOver(stage, operationId) };
}

describe('what somebody puts into a group that is just being deleted', () => {
  it.each([
    ['its spoke was dropped', dropSpoke],
    ['of a teardown', askForTeardown],
  ] as const)('stays, and the group with it, and both are told: %s', async (_, ask) => {
    const { stage, theirs, operation } = await deletedBeside(ask);

    expect(await isThere(stage, theirs)).toBe(true);
    expect(await isThere(stage, stage.id('rg-b'))).toBe(true);
    expect(operation.state).toBe('partial');
    const kept = operation.errors.find(({ resource }) => resource === stage.id('rg-b'));
    expect(kept).toMatchObject({ code: 'ResourceGroupNotEmpty', actor: 'operator' });
    expect(kept?.message).toContain('pip-theirs');
    const told = (await linesOf(stage, 'refused')).filter(({ resource }) => resource === stage.id('rg-b'));
    expect(told.at(-1)?.reason).toContain('pip-theirs');
    const counts = await stage.counts();
    expect(counts.get(stage.id('rg-b').toLowerCase())?.deletes ?? 0).toBe(0);
  });
});
