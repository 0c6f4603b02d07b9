import { describe, expect } from '@jest/globals';
import { FIREWALL_SUBNET, HUB, hubNetwork, networkInterface, SPOKE, spokeNetwork, subnet } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, refuses } from './rules.ts';

const NIC = hub('networkInterfaces/nic');
const NODES = `${SPOKE}/subnets/snet-nodes`;
const SMALL = `${SPOKE}/subnets/snet-small`;
const fixed = (privateIPAddress: string) =>
  networkInterface(NODES, { privateIPAllocationMethod: 'Static', privateIPAddress });
const address = (azure: Azure, id: string) =>
  at(azure.get(id).body, 'properties', 'ipConfigurations', 0, 'properties', 'privateIPAddress');

function spokeWithSmall(azure: Azure): void {
  azure.make(SPOKE, spokeNetwork([subnet('snet-small', '10.240.8.0/29')]));
}

describe('network interface', () => {
  refuses([
    { name: 'a subnet that does not exist', id: NIC, body: networkInterface(NODES), code: 'InvalidResourceReference' },
    {
      name: 'a reserved subnet',
      given: (azure) => azure.make(HUB, hubNetwork()),
      id: NIC,
      body: networkInterface(FIREWALL_SUBNET),
      code: 'SubnetNotAvailableForNetworkInterface',
    },
    {
      name: 'a delegated subnet',
      given: (azure) =>
        azure.make(
          SPOKE,
          spokeNetwork([
            subnet('snet-api', '10.240.8.0/28', {
              delegations: [{ name: 'd', properties: { serviceName: 'Microsoft.ContainerService/managedClusters' } }],
            }),
          ]),
        ),
      id: NIC,
      body: networkInterface(`${SPOKE}/subnets/snet-api`),
      code: 'SubnetNotAvailableForNetworkInterface',
    },
    ...['10.240.0.0', '10.240.0.3', '10.240.3.255'].map((text) => ({
      name: `Azure's own address ${text}`,
      given: spokeWithSmall,
      id: NIC,
      body: fixed(text),
      code: 'PrivateIPAddressInReservedRange',
    })),
    {
      name: 'an address outside the subnet',
      given: spokeWithSmall,
      id: NIC,
      body: fixed('10.240.4.4'),
      code: 'PrivateIPAddressNotInSubnet',
    },
    {
      name: 'an address that is taken',
      given: (azure) => {
        spokeWithSmall(azure);
        azure.make(hub('networkInterfaces/other'), networkInterface(NODES));
      },
      id: NIC,
      body: fixed('10.240.0.4'),
      code: 'PrivateIPAddressIsAllocated',
    },
    {
      name: 'a full subnet',
      given: (azure) => {
        spokeWithSmall(azure);
        for (const index of [1, 2, 3]) azure.make(hub(`networkInterfaces/n${index}`), networkInterface(SMALL));
      },
      id: NIC,
      body: networkInterface(SMALL),
      code: 'SubnetIsFull',
    },
  ]);
  accepts([
    {
      name: 'an interface, and gives it the first address that is not Azure’s',
      given: spokeWithSmall,
      id: NIC,
      body: networkInterface(SMALL),
      after: (azure) => {
        expect(address(azure, NIC)).toBe('10.240.8.4');
        expect(at(azure.get(SMALL).body, 'properties', 'ipConfigurations')).toEqual([
          { id: `${NIC}/ipConfigurations/primary` },
        ]);
      },
    },
    {
      name: 'a fixed address',
      given: spokeWithSmall,
      id: NIC,
      body: fixed('10.240.0.10'),
      after: (azure) => expect(address(azure, NIC)).toBe('10.240.0.10'),
    },
    {
      name: 'an address that another gave back',
      given: (azure) => {
        spokeWithSmall(azure);
        for (const index of [1, 2, 3]) azure.make(hub(`networkInterfaces/n${index}`), networkInterface(SMALL));
        azure.remove(hub('networkInterfaces/n2'));
      },
      id: NIC,
      body: networkInterface(SMALL),
      after: (azure) => expect(address(azure, NIC)).toBe('10.240.8.5'),
    },
  ]);
});
