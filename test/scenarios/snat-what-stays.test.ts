import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { planOf, provision, put, resources, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import {
  addressesOf,
  decisions,
  firewall as firewallBody,
  firewallId,
  PORTS_PER_ADDRESS,
  setTraffic,
  snatSpec,
} from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 300_000;
const HOUR_SECONDS = 3_600;
const API_VERSION = '2025-05-01';
const address = (index: number) => `pip-fw-westeurope-${String(index).padStart(2, '0')}`;

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  environment = await startEnvironment({ settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */5 * * * *' } });
  await provision(environment, NAME, snatSpec());
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

/** Somebody else's write; minutes later it is over. */
async function theirs(id: string, body: JsonObject): Promise<void> {
  const answer = await environment.armAs('colleague', 'PUT', `${id}?api-version=${API_VERSION}`, body);
  if (answer.status >= 300) throw new Error(`${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
  await environment.advance(600);
}

const sibling = (path: string) => firewall.replace(/azureFirewalls\/.*$/i, path);

async function configurationsOf(): Promise<readonly Json[]> {
  const { properties } = await firewallBody(environment, firewall);
  const list = isJsonObject(properties) ? properties.ipConfigurations : undefined;
  return Array.isArray(list) ? list : [];
}

/** Name and address of each configuration that carries one of these, in the firewall's order. */
async function carriersOf(names: readonly string[]): Promise<readonly Json[]> {
  return (await configurationsOf()).flatMap((one) => {
    if (!isJsonObject(one) || !isJsonObject(one.properties)) return [];
    const publicIp = one.properties.publicIPAddress;
    const id = isJsonObject(publicIp) ? String(publicIp.id) : '';
    return names.includes(id.slice(id.lastIndexOf('/') + 1)) ? [[String(one.name), id, one.properties]] : [];
  });
}

async function ipAddressOf(name: string): Promise<string> {
  const found = (await resources(environment)).get(sibling(`publicIPAddresses/${name}`).toLowerCase());
  const properties = isJsonObject(found?.properties as Json) ? (found?.properties as JsonObject) : {};
  return String(properties.ipAddress);
}

async function policyId(): Promise<string> {
  const { properties } = await firewallBody(environment, firewall);
  const policy = isJsonObject(properties) ? properties.firewallPolicy : undefined;
  return isJsonObject(policy) ? String(policy.id) : '';
}

/** Days of low demand, with the number of addresses every six hours. */
async function days(count: number): Promise<readonly number[]> {
  const seen: number[] = [];
  for (let hours = 0; hours < 24 * count; hours += 6) {
    await environment.advance(6 * HOUR_SECONDS);
    seen.push((await addressesOf(environment, firewall)).length);
  }
  return seen;
}

describe('addresses that must stay while demand is low', () => {
  it(
    'are those of others, those that a DNAT rule names and those that the spec pins, even if they are newer',
    async () => {
      const pipOfTheirs = sibling('publicIPAddresses/pip-theirs');
      await theirs(pipOfTheirs, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        zones: ['1', '2', '3'],
        properties: { publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' },
      });
      const body = await firewallBody(environment, firewall);
      const properties = isJsonObject(body.properties) ? body.properties : {};
      const added = { name: 'theirs', properties: { publicIPAddress: { id: pipOfTheirs } } };
      await theirs(firewall, {
        ...body,
        properties: { ...properties, ipConfigurations: [...(await configurationsOf()), added] },
      });
      // 92 % of four addresses, which is 60 % of seven.
      await setTraffic(environment, firewall, Math.round(0.92 * 4 * PORTS_PER_ADDRESS));
      await environment.advanceUntil(
        'the relief is done',
        async () => {
          const lines = await decisions(environment, NAME);
          return lines.some((line) => line.includes('action done')) ? true : undefined;
        },
        2 * HOUR_SECONDS,
      );
      const spec = [0, 1, 2].map(address);
      expect(await addressesOf(environment, firewall)).toEqual([...spec, 'pip-theirs', ...[3, 4, 5].map(address)]);

      // A service is published on one of the new addresses, and a partner has come to count on another.
      await theirs(`${await policyId()}/ruleCollectionGroups/rcg-theirs`, {
        properties: {
          priority: 9_000,
          ruleCollections: [
            {
              ruleCollectionType: 'FirewallPolicyNatRuleCollection',
              name: 'published',
              priority: 100,
              action: { type: 'DNAT' },
              rules: [
                {
                  ruleType: 'NatRule',
                  name: 'service',
                  ipProtocols: ['TCP'],
                  sourceAddresses: ['*'],
                  destinationAddresses: [await ipAddressOf(address(5))],
                  destinationPorts: ['443'],
                  translatedAddress: '10.240.4.4',
                  translatedPort: '443',
                },
              ],
            },
          ],
        },
      });
      const pinning = snatSpec((text) => text.replace('maximum: 20', `maximum: 20\n      pinned: [${address(4)}]`));
      const pinned = await untilSettled(environment, await put(environment, NAME, pinning));
      expect(pinned.state).toBe('succeeded');
      const staying = [...spec, 'pip-theirs', address(4), address(5)];
      const before = await carriersOf(staying);
      expect(before).toHaveLength(staying.length);
      await setTraffic(environment, firewall, Math.round(0.02 * 4 * PORTS_PER_ADDRESS));

      const seen = await days(4);

      // The spec's three and theirs, and of those that were added the two that are held.
      expect(await addressesOf(environment, firewall)).toEqual(staying);
      expect(await carriersOf(staying)).toEqual(before);
      expect([...seen].sort((a, b) => b - a)).toEqual(seen);
      expect([...new Set(seen)]).toEqual([7, 6]);
      expect((await decisions(environment, NAME)).filter((line) => line.includes(' scale in: '))).toHaveLength(1);
      // Nothing was tried that Azure refuses, or fails at, as it does for an address that a DNAT rule names.
      const { resources: counted, operations } = await statistics(environment);
      const own = Object.entries(counted).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
      expect(own?.rejected).toEqual({});
      const ended = operations.filter(({ resource }) => resource.toLowerCase() === firewall.toLowerCase());
      expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['Succeeded']));
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );
});
