import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planOf, provision, put, untilSettled } from '../support/baseline-scenario.ts';
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
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

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

async function nowMs(): Promise<number> {
  return (await environment.sim<{ simulatedMs: number }>('GET', 'clock')).body.simulatedMs;
}

/** The spec with one window a week, for every change, that opens this many days from now. */
async function windowed(daysAhead: number): Promise<string> {
  const day = DAYS[new Date((await nowMs()) + daysAhead * 24 * HOUR_SECONDS * 1_000).getUTCDay()];
  const window = `changeWindows: [{ days: [${day}], start: "00:00", durationMinutes: 1440, appliesTo: all }]`;
  return snatSpec((spec) => spec.replace('egress:\n', `${window}\negress:\n`));
}

describe('a change window that is closed', () => {
  it(
    'does not keep addresses from coming, as a hold does',
    async () => {
      const operation = await untilSettled(environment, await put(environment, NAME, await windowed(4)));
      expect(operation.state).toBe('succeeded');
      const hold = { owner: 'on call', reason: 'incident', until: new Date((await nowMs()) + 3_600_000).toISOString() };
      await environment.api('PUT', `/api/baselines/${NAME}/hold`, hold);
      // 88 % of three addresses, which is 60 % of five.
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));
      await environment.advance(HOUR_SECONDS / 2);
      expect(await addressesOf(environment, firewall)).toHaveLength(3);

      await environment.advanceUntil(
        'the firewall has its addresses',
        async () => ((await addressesOf(environment, firewall)).length === 5 ? true : undefined),
        2 * HOUR_SECONDS,
        60,
      );

      await environment.advance(HOUR_SECONDS);
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'keeps an address that is to go, until it opens',
    async () => {
      await setTraffic(environment, firewall, Math.round(0.1 * 3 * PORTS_PER_ADDRESS));
      await untilWaitingForWindow();
      expect(await addressesOf(environment, firewall)).toHaveLength(5);

      await environment.advanceUntil(
        'the window is open and the address has gone',
        async () => ((await addressesOf(environment, firewall)).length === 4 ? true : undefined),
        4 * 24 * HOUR_SECONDS,
        HOUR_SECONDS,
      );

      expect(DAYS[new Date(await nowMs()).getUTCDay()]).toBe(await openDay());
    },
    WITHIN_MS,
  );
});

async function untilWaitingForWindow(): Promise<void> {
  await environment.advanceUntil(
    'taking an address away waits for the window',
    async () =>
      (await decisions(environment, NAME)).some((line) => line.includes('which is for a change window'))
        ? true
        : undefined,
    3 * 24 * HOUR_SECONDS,
    HOUR_SECONDS,
  );
}

async function openDay(): Promise<string | undefined> {
  const { body } = await environment.api<{ spec: { changeWindows: { days: string[] }[] } }>(
    'GET',
    `/api/baselines/${NAME}`,
  );
  return body.spec.changeWindows[0]?.days[0];
}
