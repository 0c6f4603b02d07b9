import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { FIREWALL_ID_IN_ALERTS, snatAlert } from '../support/alert-samples.ts';
import { journal, planOf, provision, put, statistics, untilSettled } from '../support/baseline-scenario.ts';
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
/** Nobody listens at this port: what would have been told is in the journal. */
const NO_TOPIC = 'https://127.0.0.1:1/api/events';

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  environment = await startEnvironment();
  await provision(environment, NAME, snatSpec());
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

/** Somebody else's edit of the firewall; it is accepted when this answers, and takes minutes. */
async function edit(change: (properties: Properties) => JsonObject): Promise<void> {
  const body = await firewallBody(environment, firewall);
  const properties = isJsonObject(body.properties) ? { ...body.properties } : {};
  const { status, body: answer } = await environment.armAs(
    'colleague',
    'PUT',
    `${firewall}?api-version=${API_VERSION}`,
    {
      ...body,
      properties: change(properties),
    },
  );
  if (status >= 300) throw new Error(`The edit was refused: ${status} ${JSON.stringify(answer)}`);
}

type Properties = { [name: string]: Json | undefined };
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

/** Moves time on until the relief has said so that many times. */
async function until(text: string, count = 1): Promise<void> {
  await environment.advanceUntil(
    `${count} times "${text}"`,
    async () => {
      const found = (await decisions(environment, NAME)).filter((line) => line.includes(text));
      return found.length >= count ? true : undefined;
    },
    3 * HOUR_SECONDS,
    60,
  );
}

const share = (percent: number, addresses: number) => Math.round((percent / 100) * addresses * PORTS_PER_ADDRESS);

async function writes(): Promise<number> {
  const { resources } = await statistics(environment);
  return Object.entries(resources).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1].writes ?? 0;
}

/** Requests for help that were to be told to the topic. */
async function helpEvents(of: TestEnvironment): Promise<readonly string[]> {
  return (await journal(of, NAME))
    .filter(({ decision }) => decision === 'event not published')
    .map(({ reason }) => reason)
    .filter((reason) => reason.startsWith('helpNeeded'));
}

describe('a firewall that others use as well', () => {
  it(
    'is left alone while somebody else writes it, and keeps all that is theirs',
    async () => {
      // Theirs: an address of their own in the middle, another order of the others, a property that no SDK knows.
      const theirs = firewall.replace(/azureFirewalls\/.*$/i, 'publicIPAddresses/pip-theirs');
      const made = await environment.armAs('colleague', 'PUT', `${theirs}?api-version=${API_VERSION}`, {
        location: 'westeurope',
        sku: { name: 'Standard' },
        zones: ['1', '2', '3'],
        properties: { publicIPAllocationMethod: 'Static', publicIPAddressVersion: 'IPv4' },
      });
      expect(made.status).toBeLessThan(300);
      const [first, second, third] = await addressesOf(environment, firewall);
      await environment.advance(60);
      await edit((properties) => {
        const [withSubnet, ...others] = list(properties.ipConfigurations);
        const own = { name: 'theirs', properties: { publicIPAddress: { id: theirs } } };
        return {
          ...properties,
          additionalProperties: { 'Network.SNAT.AutoLearn': 'true' },
          ipConfigurations: [...(withSubnet === undefined ? [] : [withSubnet]), own, ...others.toReversed()],
        };
      });
      // Their edit takes minutes; the alert comes meanwhile.
      await setTraffic(environment, firewall, share(88, 4));

      await until('action done');

      const names = await addressesOf(environment, firewall);
      expect(names).toContain('pip-theirs');
      expect(names.length).toBeGreaterThan(4);
      // Theirs stays where it is, the others in the order that they were put in; new ones come at the end.
      expect(names.slice(0, 4)).toEqual([first, 'pip-theirs', third, second].map(String));
      const { properties } = await firewallBody(environment, firewall);
      expect(isJsonObject(properties) && properties.additionalProperties).toEqual({ 'Network.SNAT.AutoLearn': 'true' });
      // Nothing of ours was refused for coming at the wrong time.
      const { resources } = await statistics(environment);
      const own = Object.entries(resources).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
      expect(own?.rejected).toEqual({});
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'keeps its adjustment over a PUT of the spec and runs of the loop: they change nothing',
    async () => {
      const before = await addressesOf(environment, firewall);
      const counted = await writes();

      const changed = snatSpec((spec) => spec.replace('perDay: 60', 'perDay: 50'));
      const operation = await untilSettled(environment, await put(environment, NAME, changed));
      const { body } = await environment.api<{ operationId: string }>('POST', `/api/baselines/${NAME}/reconcile`);
      await untilSettled(environment, body.operationId);

      expect(operation.state).toBe('succeeded');
      expect(await addressesOf(environment, firewall)).toEqual(before);
      expect(await writes()).toBe(counted);
    },
    WITHIN_MS,
  );

  it(
    'gets back what the adjustment declares and somebody took off, by the event of it, while drift only observes',
    async () => {
      const before = await addressesOf(environment, firewall);
      expect(before.at(-1)).not.toBe('pip-theirs');
      await edit((properties) => ({ ...properties, ipConfigurations: list(properties.ipConfigurations).slice(0, -1) }));
      expect(await addressesOf(environment, firewall)).toEqual(before.slice(0, -1));

      await environment.advance(900);

      expect(await addressesOf(environment, firewall)).toEqual(before);
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'is not written again when its update has failed for good: a person is asked',
    async () => {
      const before = await addressesOf(environment, firewall);
      // Entries, since `then` as a property would make it a promise.
      const fault = Object.fromEntries<unknown>([
        ['match', { method: 'PUT', url: '/azureFirewalls/[^/]+[?]' }],
        ['times', 20],
        ['then', { failOperation: 'InternalServerError' }],
      ]);
      await environment.sim('POST', 'faults', fault);
      await setTraffic(environment, firewall, share(90, before.length));

      await until('help needed');
      await environment.sim('DELETE', 'faults');

      const told = (await journal(environment, NAME)).filter(({ decision }) => decision === 'help needed');
      expect(told.map(({ reason }) => reason)).toEqual([expect.stringMatching(/ended (failed|partial)/)]);
      expect((await addressesOf(environment, firewall)).slice(0, before.length)).toEqual(before);
      const counted = await writes();
      await environment.advance(2 * HOUR_SECONDS);
      expect(await writes()).toBe(counted);
    },
    WITHIN_MS,
  );
});

describe('a write of the firewall that hangs in Azure for hours', () => {
  const HANGS_HOURS = 6;
  let hanging: TestEnvironment;

  beforeAll(async () => {
    hanging = await startEnvironment({ settings: { HUBKEEPER_EVENT_TOPIC_ENDPOINT: NO_TOPIC } });
    await provision(hanging, NAME, snatSpec());
  }, WITHIN_MS);

  afterAll(async () => {
    await hanging?.stop();
  });

  it(
    'is told once, is not taken back, and is verified when Azure has ended it',
    async () => {
      const id = await firewallId(hanging);
      const counted = async () =>
        Object.entries((await statistics(hanging)).resources).find(
          ([key]) => key.toLowerCase() === id.toLowerCase(),
        )?.[1];
      const told = async (decision: string) =>
        (await journal(hanging, NAME)).filter((line) => line.decision === decision);
      // Entries, since `then` as a property would make it a promise.
      const fault = Object.fromEntries<unknown>([
        ['match', { method: 'PUT', url: '/azureFirewalls/[^/]+[?]' }],
        ['then', { operationSeconds: HANGS_HOURS * HOUR_SECONDS }],
      ]);
      await hanging.sim('POST', 'faults', fault);
      await setTraffic(hanging, id, share(88, 3));

      await hanging.advance((HANGS_HOURS - 1) * HOUR_SECONDS);

      expect((await firewallBody(hanging, id)).properties).toMatchObject({ provisioningState: 'Updating' });
      expect((await told('help needed')).map(({ reason }) => reason)).toEqual([
        expect.stringContaining('does not come to its end'),
      ]);
      const { body } = await hanging.api<{ adjustments: readonly unknown[] }>('GET', `/api/baselines/${NAME}`);
      expect(body.adjustments).toHaveLength(1);
      // One is its creation.
      expect(await counted()).toMatchObject({ writes: 2, rejected: {} });

      await hanging.advance(3 * HOUR_SECONDS);

      expect(await addressesOf(hanging, id)).toHaveLength(5);
      expect(await told('action done')).toHaveLength(1);
      expect(await told('help needed')).toHaveLength(1);
      expect(await helpEvents(hanging)).toHaveLength(1);
      expect(await counted()).toMatchObject({ writes: 2, rejected: {} });
      expect((await planOf(hanging, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );
});

describe('a reaction whose orchestration keeps dying', () => {
  let dying: TestEnvironment;

  beforeAll(async () => {
    dying = await startEnvironment({ settings: { HUBKEEPER_EVENT_TOPIC_ENDPOINT: NO_TOPIC } });
    await provision(dying, NAME, snatSpec());
  }, WITHIN_MS);

  afterAll(async () => {
    await dying?.stop();
  });

  const INSTANCES = '/runtime/webhooks/durabletask/instances';

  /** Ids of the relief's orchestrations that are at work. */
  async function atWork(): Promise<readonly string[]> {
    const { body } = await dying.api<readonly { readonly name: string; readonly instanceId: string }[]>(
      'GET',
      `${INSTANCES}?runtimeStatus=Running`,
    );
    return body.filter(({ name }) => name === 'relieveSnatExhaustion').map(({ instanceId }) => instanceId);
  }

  /** Ends every orchestration of the relief that there is, as one that fails does. */
  async function strikeDown(): Promise<number> {
    const ids = await atWork();
    for (const id of ids) {
      const { status } = await dying.api('POST', `${INSTANCES}/${id}/terminate?reason=struck`);
      expect(status).toBe(202);
    }
    return ids.length;
  }

  async function alert(number: number): Promise<void> {
    const id = await firewallId(dying);
    const text = JSON.stringify(snatAlert()).replaceAll(FIREWALL_ID_IN_ALERTS, id.toLowerCase());
    const copy = JSON.parse(text);
    copy.data.essentials.alertId = copy.data.essentials.alertId.replace(/.$/, String(number));
    const { status } = await dying.api('POST', '/api/alerts', copy, { 'content-type': 'application/json' });
    expect(status).toBe(202);
  }

  it(
    'is given up, told once, and rests for a day, yet the next alert starts it at once',
    async () => {
      // Without metrics it waits, so that it can be struck down while it is at work.
      await dying.sim('PUT', 'alerts', { muted: true });
      await dying.sim('PUT', 'traffic', { firewalls: { [await firewallId(dying)]: { metricsMissing: true } } });
      await dying.advance(1_800);
      const givenUp = async () => (await journal(dying, NAME)).filter(({ decision }) => decision === 'given up');

      await alert(1);
      let struck = 0;
      await dying.advanceUntil(
        'the reaction is given up',
        async () => {
          struck += await strikeDown();
          return (await givenUp()).length > 0 ? true : undefined;
        },
        HOUR_SECONDS,
      );
      expect(struck).toBe(6);
      expect((await givenUp()).map(({ reason }) => reason)).toEqual([expect.stringContaining('died 6 times')]);

      await dying.advance(23 * HOUR_SECONDS);
      expect(await atWork()).toEqual([]);
      expect(await givenUp()).toHaveLength(1);
      expect(await helpEvents(dying)).toHaveLength(1);

      await alert(2);
      await dying.advance(30);
      expect(await atWork()).toHaveLength(1);

      // Nobody strikes it down any more, and the metrics come back: it does its work.
      await dying.sim('PUT', 'traffic', { firewalls: { [await firewallId(dying)]: { metricsMissing: null } } });
      await setTraffic(dying, await firewallId(dying), share(88, 3));
      await dying.advance(HOUR_SECONDS);
      expect(await addressesOf(dying, await firewallId(dying))).toHaveLength(5);
    },
    WITHIN_MS,
  );
});
