import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalBody } from '../../lib/api/approval.ts';
import type { EgressAddressList } from '../../lib/api/egress-addresses.ts';
import { planOf, provision, sampleSpec, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { addressesOf, decisions, firewallId, PORTS_PER_ADDRESS, setTraffic } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;
/** What a spec has that says nothing of it. */
const DEFAULT_LOOK_BACK_HOURS = 168;
const DEFAULT_COOLDOWN_HOURS = 24;
const STEP_HOURS = 6;

let environment: TestEnvironment;
let firewall: string;

/** The sample in mode propose, and without a word about steps back. */
function proposingSpec(): string {
  return sampleSpec()
    .replace('  mode: act\n', '  mode: propose\n')
    .replace(/^ {2}scaleIn: .*\n/m, '');
}

async function approvals(): Promise<readonly ApprovalBody[]> {
  return (await environment.api<{ approvals: readonly ApprovalBody[] }>('GET', '/api/approvals')).body.approvals;
}

async function approve(user: string, planHash: string): Promise<number> {
  const { status } = await environment.api(
    'POST',
    `/api/approvals/${planHash}`,
    { decision: 'approve' },
    { 'x-hubkeeper-user': user },
  );
  return status;
}

async function firewallWrites(): Promise<number> {
  const { resources } = await statistics(environment);
  return Object.entries(resources).find(([id]) => id.toLowerCase() === firewall.toLowerCase())?.[1].writes ?? 0;
}

/** Moves time on until something is proposed. @returns it, and how long it took. */
async function untilProposed(
  maximumHours: number,
  stepHours: number,
): Promise<{ readonly hours: number; readonly hash: string }> {
  for (let hours = 0; ; hours += stepHours) {
    const [proposal] = await approvals();
    if (proposal !== undefined) return { hours, hash: proposal.planHash };
    if (hours >= maximumHours) throw new Error(`Nothing was proposed within ${hours} hours.`);
    await environment.advance(stepHours * HOUR_SECONDS);
  }
}

async function untilAddresses(count: number): Promise<void> {
  await environment.advanceUntil(
    `the firewall has ${count} addresses`,
    async () => ((await addressesOf(environment, firewall)).length === count ? true : undefined),
    HOUR_SECONDS,
  );
}

beforeAll(async () => {
  // Days go by: what only looks whether others have died need not look each minute.
  environment = await startEnvironment({
    settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */10 * * * *', HUBKEEPER_EGRESS_SCHEDULE: '0 */10 * * * *' },
  });
  const spec = proposingSpec();
  expect(spec).toMatch(/^ {2}mode: propose$/m);
  expect(spec).not.toContain('lookBackHours');
  await provision(environment, NAME, spec);
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(async () => {
  await environment?.stop();
});

describe('a relief in mode propose', () => {
  it(
    'is put before people once, and becomes one write when somebody has approved it',
    async () => {
      const before = await addressesOf(environment, firewall);
      const writes = await firewallWrites();
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));

      const { hash } = await untilProposed(1, 1 / 60);

      const [proposal] = await approvals();
      expect(proposal).toMatchObject({
        baseline: NAME,
        requestedBy: 'hubkeeper',
        adjustments: [{ id: 'snat-relief', reason: expect.stringContaining('is 88 % on average') }],
      });
      const kinds = proposal?.plan.changes.map(({ kind, action }) => `${action} ${kind}`).sort();
      expect(kinds).toEqual([
        'create diagnosticSetting',
        'create diagnosticSetting',
        'create publicIPAddress',
        'create publicIPAddress',
        'update azureFirewall',
      ]);
      // The alert stays open, and however often the firewall is looked at, there is nothing more to say.
      await environment.advance(3 * HOUR_SECONDS);
      expect((await approvals()).map(({ planHash }) => planHash)).toEqual([hash]);
      expect(await firewallWrites()).toBe(writes);
      expect(await addressesOf(environment, firewall)).toEqual(before);

      expect(await approve('hubkeeper', hash)).toBeGreaterThanOrEqual(400);
      expect(await approve('approver', hash)).toBe(200);
      await environment.advanceUntil(
        'the relief is done',
        async () => {
          const lines = await decisions(environment, NAME);
          return lines.some((line) => line.includes('action done')) ? true : undefined;
        },
        2 * HOUR_SECONDS,
      );

      const after = await addressesOf(environment, firewall);
      expect(after).toHaveLength(5);
      expect(after.slice(0, 3)).toEqual(before);
      expect(await firewallWrites()).toBe(writes + 1);
      expect(await approvals()).toEqual([]);
      const { body } = await environment.api('GET', `/api/baselines/${NAME}`);
      expect(body).toMatchObject({ adjustments: [{ id: 'snat-relief', value: 5, until: null }] });
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );

  it(
    'proposes to take its addresses away only after a look-back of a week, one at a time',
    async () => {
      const before = await addressesOf(environment, firewall);
      const writes = await firewallWrites();
      await setTraffic(environment, firewall, Math.round(0.1 * 3 * PORTS_PER_ADDRESS));

      const first = await untilProposed(DEFAULT_LOOK_BACK_HOURS + 2 * STEP_HOURS, STEP_HOURS);
      expect(first.hours).toBeGreaterThanOrEqual(DEFAULT_LOOK_BACK_HOURS);
      expect(await addressesOf(environment, firewall)).toEqual(before);
      expect(await approve('approver', first.hash)).toBe(200);
      await untilAddresses(4);

      const second = await untilProposed(DEFAULT_COOLDOWN_HOURS + 2 * STEP_HOURS, STEP_HOURS);
      expect(second.hours).toBeGreaterThanOrEqual(DEFAULT_COOLDOWN_HOURS);
      expect(await approve('approver', second.hash)).toBe(200);
      await untilAddresses(3);

      // What the spec declares stays; the two that have gone are kept for partners.
      await environment.advance(2 * DEFAULT_COOLDOWN_HOURS * HOUR_SECONDS);
      expect(await approvals()).toEqual([]);
      expect(await addressesOf(environment, firewall)).toEqual(before.slice(0, 3));
      expect(await firewallWrites()).toBe(writes + 2);
      const { body } = await environment.api<EgressAddressList>('GET', `/api/baselines/${NAME}/egress-addresses`);
      const reserved = body.addresses.filter(({ state }) => state === 'reserved').map(({ name }) => name);
      expect(reserved.sort()).toEqual(before.slice(3).sort());
      expect((await planOf(environment, NAME)).changes).toEqual([]);
    },
    WITHIN_MS,
  );
});
