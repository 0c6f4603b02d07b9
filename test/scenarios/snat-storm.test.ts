import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIREWALL_ID_IN_ALERTS, snatAlert } from '../support/alert-samples.ts';
import { journal, provision, put, resources, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { addressesOf, firewallId, PORTS_PER_ADDRESS, setTraffic, snatSpec } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;
const COPIES = 1_000;
const RESTARTS = 10;
const FIREWALLS = 10;

/** The hub of the sample alone, under another name and in another resource group. */
function hubOf(number: number): string {
  return snatSpec((spec) =>
    spec
      .replace('name: aks-baseline', `name: hub-${number}`)
      .replace('rg-enterprise-networking-hubs', `rg-hub-${number}`)
      .replace(/spokes:\n[\s\S]*$/, 'spokes: []\n'),
  );
}

describe('a storm of alerts', () => {
  let environment: TestEnvironment;

  beforeAll(async () => {
    environment = await startEnvironment({ keepStorage: true });
    await provision(environment, NAME, snatSpec());
  }, WITHIN_MS);

  afterAll(async () => {
    await environment?.stop();
  });

  it(
    'of 1,000 copies in any order over 10 restarts has one effect',
    async () => {
      const firewall = await firewallId(environment);
      // Only the copies speak: the simulation's own alerts are kept back.
      await environment.sim('PUT', 'alerts', { muted: true });
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await environment.advance(600);
      const alert = (condition: 'Fired' | 'Resolved') => {
        const text = JSON.stringify(snatAlert()).replaceAll(FIREWALL_ID_IN_ALERTS, firewall.toLowerCase());
        const copy = JSON.parse(text);
        copy.data.essentials.monitorCondition = condition;
        if (condition === 'Resolved') copy.data.essentials.resolvedDateTime = '2026-11-21T09:00:00.0000000Z';
        return copy;
      };

      for (let restart = 0; restart < RESTARTS; restart++) {
        const posts = Array.from({ length: COPIES / RESTARTS }, (_, at) =>
          environment.api('POST', '/api/alerts', alert((at + restart) % 3 === 0 ? 'Resolved' : 'Fired'), {
            'x-hubkeeper-user': '',
            'content-type': 'application/json',
          }),
        );
        const statuses = new Set((await Promise.all(posts)).map(({ status }) => status));
        for (const status of statuses) expect([200, 202]).toContain(status);
        await environment.killHost();
        await environment.advance(240);
      }
      await environment.advance(2 * HOUR_SECONDS);

      const lines = await journal(environment, NAME);
      expect(lines.filter(({ decision }) => decision === 'alert recorded')).toHaveLength(1);
      expect(lines.filter(({ decision }) => decision === 'scale out')).toHaveLength(1);
      expect(await addressesOf(environment, firewall)).toHaveLength(5);
      const counted = (await statistics(environment)).resources;
      const own = Object.entries(counted).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
      // One is its creation.
      expect(own).toMatchObject({ creates: 1, writes: 2, rejected: {} });
    },
    WITHIN_MS,
  );
});

describe('ten firewalls at once', () => {
  let environment: TestEnvironment;

  beforeAll(async () => {
    environment = await startEnvironment();
  }, WITHIN_MS);

  afterAll(async () => {
    await environment?.stop();
  });

  it(
    'are relieved independently of each other',
    async () => {
      const names = Array.from({ length: FIREWALLS }, (_, at) => `hub-${at}`);
      const operations: string[] = [];
      for (const [at, name] of names.entries()) operations.push(await put(environment, name, hubOf(at)));
      for (const id of operations) expect((await untilSettled(environment, id)).state).toBe('succeeded');
      const firewalls = [...(await resources(environment)).values()]
        .map(({ id }) => String(id))
        .filter((id) => /\/azureFirewalls\/[^/]+$/i.test(id));
      expect(firewalls).toHaveLength(FIREWALLS);

      for (const firewall of firewalls)
        await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await environment.advance(HOUR_SECONDS);

      for (const firewall of firewalls) expect(await addressesOf(environment, firewall)).toHaveLength(5);
      for (const name of names) {
        const decisions = (await journal(environment, name)).map(({ decision }) => decision);
        expect(decisions.filter((decision) => decision === 'scale out')).toHaveLength(1);
        expect(decisions.filter((decision) => decision === 'action done')).toHaveLength(1);
      }
    },
    WITHIN_MS,
  );
});
