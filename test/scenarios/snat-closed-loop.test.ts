import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planOf, provision, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import {
  addressesOf,
  decisions,
  firewallId,
  PORTS_PER_ADDRESS,
  setTraffic,
  snatSpec,
} from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 300_000;
const HOUR_SECONDS = 3_600;

let environment: TestEnvironment;
let firewall: string;

async function firewallWrites(): Promise<number> {
  const { resources } = await statistics(environment);
  const own = Object.entries(resources).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1];
  return (own?.creates ?? 0) + (own?.writes ?? 0);
}

beforeAll(async () => {
  environment = await startEnvironment({ settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */5 * * * *' } });
  await provision(environment, NAME, snatSpec());
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

describe('SNAT exhaustion', () => {
  it(
    'becomes the right number of addresses in one firewall write',
    async () => {
      const before = await addressesOf(environment, firewall);
      const writes = await firewallWrites();
      // 88 % of three addresses, which is 60 % of five.
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));

      await environment.advanceUntil(
        'the relief is done',
        async () => {
          const lines = await decisions(environment, NAME);
          return lines.some((line) => line.includes('action done')) ? true : undefined;
        },
        2 * HOUR_SECONDS,
        60,
      );

      const after = await addressesOf(environment, firewall);
      expect(after).toHaveLength(5);
      expect(after.slice(0, 3)).toEqual(before);
      expect(await firewallWrites()).toBe(writes + 1);
      await environment.advance(2 * HOUR_SECONDS);
      expect(await firewallWrites()).toBe(writes + 1);
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'takes its own addresses away again, one at a time, once demand has been low for long',
    async () => {
      const before = await addressesOf(environment, firewall);
      const spec = before.slice(0, 3);
      await setTraffic(environment, firewall, Math.round(0.1 * 3 * PORTS_PER_ADDRESS));
      const seen: number[] = [];

      for (let hours = 0; hours < 24 * 5; hours += 6) {
        await environment.advance(6 * HOUR_SECONDS);
        seen.push((await addressesOf(environment, firewall)).length);
      }

      expect(await addressesOf(environment, firewall)).toEqual(spec);
      // Nothing goes before the look-back is over and a day after the change before it.
      expect(seen.slice(0, 3)).toEqual([5, 5, 5]);
      expect([...seen].sort((a, b) => b - a)).toEqual(seen);
      expect(seen.filter((count) => count === 4).length).toBeGreaterThanOrEqual(4);
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );
});
