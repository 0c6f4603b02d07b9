import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { planOf, provision, statistics } from '../support/baseline-scenario.ts';
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
/** Later than the one that the app writes firewalls with. */
const LATER_API_VERSION = '2026-01-01';

/** What a later api-version may bring: of every JSON type, nested, and in an order of its own. */
const UNKNOWN = { zeta: 2, alpha: [{ name: 'b' }, 'a', false], empty: {}, none: [], text: 'ä "quoted"', ratio: 0.25 };

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  // No Azure of today has these properties: the exchanges lie apart from those that must be legal.
  environment = await startEnvironment({
    record: 'snat-unknown-properties',
    illegal: true,
    settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */5 * * * *' },
  });
  await provision(environment, NAME, snatSpec());
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

function members(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

async function configurations(): Promise<readonly JsonObject[]> {
  return members(object((await firewallBody(environment, firewall)).properties).ipConfigurations);
}

const unknown = (where: string): JsonObject => ({ ...UNKNOWN, where });
const carriesSubnet = (configuration: JsonObject) => object(configuration.properties).subnet !== undefined;

/** Puts the subnet's configuration last, and unknown properties everywhere, as somebody else with a later client. */
async function editByLaterClient(): Promise<void> {
  const body = await firewallBody(environment, firewall);
  const properties = object(body.properties);
  const list = members(properties.ipConfigurations);
  const ordered = [...list.filter((one) => !carriesSubnet(one)), ...list.filter(carriesSubnet)];
  const firewalls = (setting: Json) => environment.sim('PUT', 'traffic', { firewalls: { [firewall]: setting } });
  await firewalls({ subnetInAnyConfiguration: true });
  const { status, body: answer } = await environment.armAs(
    'colleague',
    'PUT',
    `${firewall}?api-version=${LATER_API_VERSION}`,
    {
      ...body,
      laterTop: unknown('top'),
      properties: {
        ...properties,
        laterProperty: unknown('properties'),
        ipConfigurations: ordered.map((one) => ({
          ...one,
          laterMember: unknown(`beside ${one.name}`),
          properties: { ...object(one.properties), laterSetting: unknown(`in ${one.name}`) },
        })),
      },
    },
  );
  expect({ status, refusal: status < 300 ? undefined : answer }).toEqual({ status: 200, refusal: undefined });
  await environment.advance(600);
  // From here on it is the simulation's rule again that such a firewall keeps its subnet where it has it.
  await firewalls({ subnetInAnyConfiguration: null });
}

/** All that is theirs on the firewall, as text: its order counts as well. */
async function theirs(names: readonly string[]): Promise<string> {
  const body = await firewallBody(environment, firewall);
  const properties = object(body.properties);
  const own = members(properties.ipConfigurations).filter(({ name }) => names.includes(String(name)));
  return JSON.stringify({
    top: body.laterTop,
    property: properties.laterProperty,
    configurations: own.map(({ name, laterMember, properties: inner }) => {
      const { provisioningState: _, ...kept } = object(inner);
      return { name, laterMember, kept };
    }),
  });
}

describe('a firewall with properties that nobody knows, and its subnet not in the first configuration', () => {
  it(
    'keeps all of it byte for byte over a scale-out and the steps back',
    async () => {
      await editByLaterClient();
      const names = (await configurations()).map(({ name }) => String(name));
      const subnetAt = (await configurations()).findIndex(carriesSubnet);
      const subnet = (await configurations())[subnetAt];
      const before = await theirs(names);
      const addresses = await addressesOf(environment, firewall);
      expect({ subnetAt, count: names.length }).toEqual({ subnetAt: 2, count: 3 });
      expect(before.split('"zeta":2,"alpha"')).toHaveLength(2 + 2 * names.length + 1);
      expect((await planOf(environment, NAME)).changes).toEqual([]);

      // 88 % of three addresses, which is 60 % of five.
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await environment.advanceUntil(
        'the relief is done',
        async () =>
          (await decisions(environment, NAME)).some((line) => line.includes('action done')) ? true : undefined,
        2 * HOUR_SECONDS,
      );

      const wider = await addressesOf(environment, firewall);
      expect(wider.slice(0, 3)).toEqual(addresses);
      expect(wider).toHaveLength(5);
      expect(await theirs(names)).toBe(before);
      expect(object(subnet).properties).toEqual(object((await configurations())[subnetAt]).properties);

      await setTraffic(environment, firewall, Math.round(0.1 * 3 * PORTS_PER_ADDRESS));
      await environment.advanceUntil(
        'both added addresses are gone again',
        async () => ((await addressesOf(environment, firewall)).length === 3 ? true : undefined),
        5 * 24 * HOUR_SECONDS,
        6 * HOUR_SECONDS,
      );

      expect(await addressesOf(environment, firewall)).toEqual(addresses);
      expect(await theirs(names)).toBe(before);
      expect((await configurations()).findIndex(carriesSubnet)).toBe(subnetAt);
      expect(object(subnet).properties).toEqual(object((await configurations())[subnetAt]).properties);
      expect((await planOf(environment, NAME)).changes).toEqual([]);
      const counted = Object.entries((await statistics(environment)).resources);
      const own = counted.find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
      // Their edit, the scale-out and two steps back, none of them refused.
      expect(own).toMatchObject({ creates: 1, rejected: {} });
      expect(own?.writes).toBe(5);
    },
    WITHIN_MS,
  );
});
