import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIREWALL_ID_IN_ALERTS, snatAlert } from '../support/alert-samples.ts';
import { journal, planOf, provision, put, resources, statistics, untilSettled } from '../support/baseline-scenario.ts';
import { isLostConnection } from '../support/crash-run.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { eventually } from '../support/eventually.ts';
import { addressesOf, firewallId, PORTS_PER_ADDRESS, setTraffic, snatSpec } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;
const COPIES = 1_000;
const RESTARTS = 10;
const FIREWALLS = 10;
/** What Microsoft documents that an action group sends again, beside broken connections. */
const REPEATED_STATUSES: readonly number[] = [408, 429, 503, 504];
/** Wall time for which a copy is sent again; the host is back within seconds. */
const SENT_FOR_SECONDS = 120;

/** What became of the copies of one round. */
interface Storm {
  readonly statuses: ReadonlySet<number>;
  /** Deliveries that broke off or found nobody. */
  readonly interrupted: number;
}

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

  /** Kills the host as soon as so many of the copies are answered, while the others are on their way. */
  async function sendOverACrash(payloads: readonly unknown[], answeredBefore: number): Promise<Storm> {
    const storm = { statuses: new Set<number>(), interrupted: 0, answered: 0 };
    const { promise: someAnswered, resolve } = Promise.withResolvers<void>();
    const all = payloads.map((payload) =>
      eventually(
        'the alert is answered',
        async () => {
          const status = await statusOf(payload);
          if (status === undefined) storm.interrupted += 1;
          if (status === undefined || REPEATED_STATUSES.includes(status)) return undefined;
          storm.statuses.add(status);
          storm.answered += 1;
          if (storm.answered >= answeredBefore) resolve();
          return status;
        },
        SENT_FOR_SECONDS,
      ),
    );
    await Promise.race([someAnswered, Promise.all(all)]);
    await environment.killHost();
    await Promise.all(all);
    return storm;
  }

  /** As an action group sees it: the status of the answer; undefined when the connection breaks or none comes about. */
  async function statusOf(payload: unknown): Promise<number | undefined> {
    try {
      const headers = { 'x-hubkeeper-user': '', 'content-type': 'application/json' };
      return (await environment.api('POST', '/api/alerts', payload, headers)).status;
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      return undefined;
    }
  }

  it(
    'of 1,000 copies in any order over 10 crashes while they are taken has one effect',
    async () => {
      const firewall = await firewallId(environment);
      // Only the copies speak: the simulation's own alerts are kept back.
      await environment.sim('PUT', 'alerts', { muted: true });
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      // Longer than the rest after a change of the firewall, which has just been made.
      await environment.advance(1_200);
      const alert = (condition: 'Fired' | 'Resolved') => {
        const text = JSON.stringify(snatAlert()).replaceAll(FIREWALL_ID_IN_ALERTS, firewall.toLowerCase());
        const copy = JSON.parse(text);
        copy.data.essentials.monitorCondition = condition;
        if (condition === 'Resolved') copy.data.essentials.resolvedDateTime = '2026-11-21T09:00:00.0000000Z';
        return copy;
      };

      for (let restart = 0; restart < RESTARTS; restart++) {
        const copies = Array.from({ length: COPIES / RESTARTS }, (_, at) =>
          alert((at + restart) % 3 === 0 ? 'Resolved' : 'Fired'),
        );
        const { statuses, interrupted } = await sendOverACrash(copies, restart + 1);
        expect(interrupted).toBeGreaterThan(0);
        for (const status of statuses) expect([200, 202]).toContain(status);
        await environment.advance(240);
      }
      await environment.advance(2 * HOUR_SECONDS);

      const lines = (await journal(environment, NAME)).filter(
        ({ resource, trigger }) => resource?.toLowerCase() === firewall.toLowerCase() && trigger === 'alert',
      );
      // Each decision once, in the order that they follow from each other.
      expect(lines.map(({ decision }) => decision).filter((decision) => !decision.startsWith('alert '))).toEqual([
        'scale out',
        'addresses changed',
        'action done',
      ]);
      expect(
        lines
          .map(({ decision }) => decision)
          .filter((decision) => decision.startsWith('alert '))
          .sort(),
      ).toEqual(['alert over', 'alert recorded']);
      expect(await addressesOf(environment, firewall)).toHaveLength(5);
      const counted = (await statistics(environment)).resources;
      const own = Object.entries(counted).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
      // One is its creation.
      expect(own).toMatchObject({ creates: 1, writes: 2, rejected: {} });
      expect((await planOf(environment, NAME)).changes).toEqual([]);
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
