import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  journal,
  planOf,
  provision,
  put,
  rejections,
  resources,
  sampleSpec,
  statistics,
  untilSettled,
} from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await startEnvironment({ record: 'provision' });
});

afterAll(async () => {
  await environment?.stop();
});

describe('provisioning the AKS baseline', () => {
  it('makes every resource once, without a refused write', async () => {
    const operation = await provision(environment, 'aks-baseline', sampleSpec());

    expect({ state: operation.state, errors: operation.errors }).toEqual({ state: 'succeeded', errors: [] });
    const counted = await statistics(environment);
    expect(rejections(counted)).toEqual({});
    expect(Object.values(counted.resources).filter(({ creates }) => creates > 1)).toEqual([]);
    const states = [...(await resources(environment)).values()].map(
      (body) => (body.properties as { provisioningState?: string }).provisioningState ?? 'Succeeded',
    );
    expect(new Set(states)).toEqual(new Set(['Succeeded']));
  });

  it('finds nothing to do afterwards, and writes nothing when the same spec is put again', async () => {
    const before = await statistics(environment);

    const plan = await planOf(environment, 'aks-baseline');
    const again = await provision(environment, 'aks-baseline', sampleSpec());

    expect(plan).toMatchObject({ changes: [], refused: [] });
    expect(again).toMatchObject({ state: 'succeeded', nodes: [] });
    expect((await statistics(environment)).principals).toEqual(before.principals);
  });

  it('tells in the journal what was made and why, once', async () => {
    const entries = await journal(environment, 'aks-baseline');

    const created = entries.filter((entry) => entry.decision === 'created');
    const written = Object.entries((await statistics(environment)).resources).filter(([, { writes }]) => writes > 0);
    expect(created.map((entry) => entry.resource?.toLowerCase()).sort()).toEqual(
      written.map(([id]) => id.toLowerCase()).sort(),
    );
    expect(created.every((entry) => entry.reason.length > 0)).toBe(true);
  });

  it('keeps the versions apart when the spec changes', async () => {
    const changed = sampleSpec().replace('businessUnit: BU0001', 'businessUnit: BU0002');

    const operation = await untilSettled(environment, await put(environment, 'aks-baseline', changed));

    expect(operation).toMatchObject({ state: 'succeeded', version: 2 });
    expect(operation.nodes.every((node) => node.action === 'update')).toBe(true);
    expect(rejections(await statistics(environment))).toEqual({});
    const tags = [...(await resources(environment)).values()].flatMap((body) =>
      body.tags === undefined ? [] : [(body.tags as Record<string, string>).businessUnit],
    );
    expect(new Set(tags)).toEqual(new Set(['BU0002']));
    expect(await planOf(environment, 'aks-baseline')).toMatchObject({ changes: [] });
  });
});

describe('a hub without a firewall', () => {
  it('and its spokes change at the same time without a write that meets another', async () => {
    const spec = (step: string) => `apiVersion: hubkeeper/v1
name: plain
tags: { step: ${step} }
observability: { diagnosticSettings: false }
hub:
  subscriptionId: 00000000-0000-4000-8000-000000000002
  location: westeurope
  resourceGroup: { name: rg-plain }
  network: { addressPrefixes: [10.60.0.0/24] }
  subnets: {}
spokes:
${['a', 'b', 'c'].map((name, at) => `  - { name: ${name}, resourceGroup: { name: rg-plain-${name} }, network: { addressPrefixes: [10.6${at + 1}.0.0/16] }, subnets: [{ name: snet, purpose: general, addressPrefix: 10.6${at + 1}.0.0/24 }] }`).join('\n')}
`;
    expect(await provision(environment, 'plain', spec('one'))).toMatchObject({ state: 'succeeded' });
    const before = rejections(await statistics(environment));

    const changed = await provision(environment, 'plain', spec('two'));

    expect(changed).toMatchObject({ state: 'succeeded', errors: [] });
    expect(rejections(await statistics(environment))).toEqual(before);
  });
});
