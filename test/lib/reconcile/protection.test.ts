import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ArmUnreachableError } from '../../../lib/azure/arm-errors.ts';
import {
  MONITORING_OPT_OUT_TAG,
  mayWriteIn,
  OPT_OUT_TAG,
  readOptOutsAround,
} from '../../../lib/reconcile/protection.ts';
import { FakeAzure } from '../../support/fake-azure.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const groupOf = (name: string) => `${SUBSCRIPTION}/resourceGroups/rg-${name}`;
const networkOf = (group: string, name: string) =>
  `${groupOf(group)}/providers/Microsoft.Network/virtualNetworks/vnet-${name}`;
const peeringOf = (network: string) => `${network}/virtualNetworkPeerings/hub`;
const settingOf = (resource: string) => `${resource}/providers/Microsoft.Insights/diagnosticSettings/hubkeeper`;

const GROUPS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const NETWORKS = ['0', '1', '2', '3'] as const;

/** Resources of a few groups: networks, and what is in or hangs on them. */
const resources = fc.array(
  fc
    .tuple(fc.constantFrom(...GROUPS), fc.constantFrom(...NETWORKS), fc.constantFrom('network', 'peering', 'setting'))
    .map(([group, name, form]) => {
      const network = networkOf(group, name);
      return form === 'network' ? network : form === 'peering' ? peeringOf(network) : settingOf(peeringOf(network));
    }),
  { maxLength: 60 },
);

/** Counts each read, of one resource or of a list. */
class CountingAzure extends FakeAzure {
  reads = 0;

  override async send(request: Parameters<FakeAzure['send']>[0]) {
    this.reads += 1;
    return super.send(request);
  }

  override async list(path: string) {
    this.reads += 1;
    return super.list(path);
  }
}

function azure(tags: Readonly<Record<string, Readonly<Record<string, string>>>> = {}): CountingAzure {
  const arm = new CountingAzure();
  for (const group of GROUPS) {
    arm.put(groupOf(group), { location: 'westeurope' });
    for (const name of NETWORKS) {
      arm.put(networkOf(group, name), { location: 'westeurope' });
      arm.put(peeringOf(networkOf(group, name)), {});
    }
  }
  for (const [id, own] of Object.entries(tags)) arm.put(id, { location: 'westeurope', tags: own });
  return arm;
}

describe('the tags of what resources are in', () => {
  it('forbid what is in an opted-out group and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(resources, fc.constantFrom(...GROUPS), async (ids, group) => {
        const arm = azure({ [groupOf(group)]: { [OPT_OUT_TAG]: '' } });
        const isIn = ids.some((id) => id.startsWith(`${groupOf(group)}/`));

        expect(await mayWriteIn(arm, ids, false)).toBe(!isIn);
      }),
    );
  });

  it('forbid it also where lists lack the group, or what the resource hangs on', async () => {
    await fc.assert(
      fc.asyncProperty(
        resources,
        fc.constantFrom(...GROUPS),
        fc.constantFrom(...NETWORKS),
        fc.boolean(),
        async (ids, group, name, isGroup) => {
          const optedOut = isGroup ? groupOf(group) : networkOf(group, name);
          const arm = azure({ [optedOut]: { [OPT_OUT_TAG]: '' } });
          arm.hideFromLists(optedOut);
          const isIn = ids.some((id) => id.startsWith(`${optedOut}/`));

          expect(await mayWriteIn(arm, ids, false)).toBe(!isIn);
        },
      ),
    );
  });

  it('cost a few reads however many resources there are', async () => {
    await fc.assert(
      fc.asyncProperty(resources, async (ids) => {
        const arm = azure();
        await readOptOutsAround(arm, ids);

        // Fewer than four groups, networks or peerings of a network are read one by one, more of them by one list.
        expect(arm.reads).toBeLessThanOrEqual(3 + 3 + 3 * GROUPS.length);
        expect(arm.reads).toBeLessThanOrEqual(3 * ids.length);
      }),
    );
  });

  it('of a network forbid what is in it and what hangs on that', async () => {
    const network = networkOf('a', '1');
    const arm = azure({ [network]: { [OPT_OUT_TAG]: 'yes' } });

    expect(await mayWriteIn(arm, [settingOf(peeringOf(network))], false)).toBe(false);
    // A start looks at the tags of its own resource by itself.
    expect(await mayWriteIn(arm, [network, networkOf('a', '2')], false)).toBe(true);
  });

  it('of monitoring bind only what nobody asked for', async () => {
    const arm = azure({ [groupOf('a')]: { [MONITORING_OPT_OUT_TAG]: 'true' } });

    expect(await mayWriteIn(arm, [networkOf('a', '1')], true)).toBe(false);
    expect(await mayWriteIn(arm, [networkOf('a', '1')], false)).toBe(true);
  });

  it('that cannot be read let nothing be written, and that are known are not read again', async () => {
    const arm = azure();
    arm.send = async ({ method, target }) => {
      throw new ArmUnreachableError(method, target, new Error('reset'));
    };

    expect(await mayWriteIn(arm, [networkOf('a', '1')], false)).toBe(false);
    const known = new Map([[groupOf('a').toLowerCase(), { location: 'westeurope' }]]);
    expect(await readOptOutsAround(arm, [networkOf('a', '1')], known)).toEqual([]);
  });
});

describe('a plan', () => {
  it('refuses what is in an opted-out group of others, in which the spec has adopted something', async () => {
    const dependencies = memoryDependencies();
    const { arm } = dependencies;
    const theirs = networkOf('theirs', 'a');
    arm.put(groupOf('theirs'), { location: 'westeurope', tags: { [OPT_OUT_TAG]: '' } });
    arm.put(theirs, {
      location: 'westeurope',
      properties: { addressSpace: { addressPrefixes: ['10.1.0.0/16'] }, subnets: [], provisioningState: 'Succeeded' },
    });
    const reconciling = new Reconciling(dependencies, 'north');
    const { spokes, ...spec } = JSON.parse(smallSpec('north', ['a']));
    const adopting = { ...spokes[0], network: { ...spokes[0].network, id: theirs } };
    const id = await reconciling.put(JSON.stringify({ ...spec, spokes: [adopting] }), 'ann');
    await reconciling.settle();

    const { refused, rows } = await reconciling.run(id);
    expect(refused).toContainEqual(expect.objectContaining({ id: theirs, code: 'Protected' }));
    expect(Object.keys(rows)).not.toContain(theirs);
    expect(arm.writes.filter((write) => write.includes('/rg-theirs/'))).toEqual([]);
  });
});
