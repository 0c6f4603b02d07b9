import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ApprovalBody } from '../../lib/api/approval.ts';
import type { BaselineBody } from '../../lib/api/baseline.ts';
import { operationOf, provision, resources, sampleSpec, untilSettled } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';
import { addressesOf, decisions, firewallId, PORTS_PER_ADDRESS, setTraffic } from '../support/snat-scenario.ts';

const NAME = 'aks-baseline';
const BASELINE = `/api/baselines/${NAME}`;
const SPOKE = 'spoke:bu0001a0008';
const HOLD_HOURS = 8;
/** Wall time on a machine that others use as well. */
const WITHIN_MS = 600_000;
const HOUR_SECONDS = 3_600;

let environment: TestEnvironment;
let firewall: string;

beforeAll(async () => {
  // Hours go by: what only looks whether others have died need not look each minute.
  environment = await startEnvironment({
    settings: { HUBKEEPER_RECONCILER_SCHEDULE: '0 */10 * * * *', HUBKEEPER_EGRESS_SCHEDULE: '0 */10 * * * *' },
  });
  await provision(environment, NAME, sampleSpec().replace('  mode: act\n', '  mode: propose\n'));
  firewall = await firewallId(environment);
}, WITHIN_MS);

afterAll(() => environment?.stop());

async function approvals(): Promise<readonly ApprovalBody[]> {
  return (await environment.api<{ approvals: readonly ApprovalBody[] }>('GET', '/api/approvals')).body.approvals;
}

async function baseline(): Promise<BaselineBody> {
  return (await environment.api<BaselineBody>('GET', BASELINE)).body;
}

/** Somebody has changed the tags of a security group of the spoke; a person asks for the spoke, which is on hold. */
async function waitingForSpoke(): Promise<string> {
  const world = [...(await resources(environment)).values()];
  const group = world.map(({ id }) => String(id)).find((id) => /-spokes\/.*\/networkSecurityGroups\/[^/]+$/i.test(id));
  const target = `${group}?api-version=2025-05-01`;
  const { body } = await environment.armAs<Readonly<Record<string, unknown>>>('colleague', 'GET', target);
  const changed = await environment.armAs('colleague', 'PUT', target, { ...body, tags: { owner: 'colleague' } });
  expect(changed.status).toBe(200);
  const { at = '' } = (await environment.api<{ readonly at?: string }>('GET', '/api/baselines')).body;
  const until = new Date(Date.parse(at) + HOLD_HOURS * HOUR_SECONDS * 1_000).toISOString();
  const hold = { owner: 'ann', reason: 'INC-1', until, scope: SPOKE };
  expect(await environment.api('PUT', `${BASELINE}/hold`, hold)).toMatchObject({ status: 200 });
  const asked = await environment.api<{ operationId: string }>('POST', `${BASELINE}/reconcile`, { scope: SPOKE });
  const { id, state } = await untilSettled(environment, asked.body.operationId);
  expect(state).toBe('waiting');
  return id;
}

describe('a relief that is to be approved while a person’s request for a spoke waits', () => {
  it(
    'is put before people within minutes, and written when somebody has approved it',
    async () => {
      const ahead = await waitingForSpoke();
      const before = await addressesOf(environment, firewall);
      await setTraffic(environment, firewall, Math.round(0.88 * 3 * PORTS_PER_ADDRESS));

      const proposal = await environment.advanceUntil(
        'the relief is proposed',
        async () => (await approvals())[0],
        HOUR_SECONDS,
      );

      expect(proposal).toMatchObject({ requestedBy: 'hubkeeper', adjustments: [{ id: 'snat-relief' }] });
      const { operationId: step = '' } = proposal;
      expect(await operationOf(environment, step)).toMatchObject({
        state: 'waiting',
        waitingFor: [{ kind: 'approval' }],
      });
      await environment.advance(HOUR_SECONDS);
      expect((await approvals()).map(({ planHash }) => planHash)).toEqual([proposal.planHash]);
      expect(await baseline()).toMatchObject({ currentOperationId: ahead, besideOperationIds: [step] });
      expect(await addressesOf(environment, firewall)).toEqual(before);

      const approved = await environment.api(
        'POST',
        `/api/approvals/${proposal.planHash}`,
        { decision: 'approve' },
        { 'x-hubkeeper-user': 'approver' },
      );
      expect(approved.status).toBe(200);
      await environment.advanceUntil(
        'the relief is done',
        async () =>
          (await decisions(environment, NAME)).some((line) => line.includes('action done')) ? true : undefined,
        2 * HOUR_SECONDS,
      );

      expect(await addressesOf(environment, firewall)).toHaveLength(5);
      expect(await operationOf(environment, step)).toMatchObject({ state: 'succeeded' });
      expect(await operationOf(environment, ahead)).toMatchObject({ state: 'waiting', waitingFor: [{ kind: 'hold' }] });
      expect(await baseline()).toMatchObject({ currentOperationId: ahead, besideOperationIds: [] });
      await environment.advance(HOLD_HOURS * HOUR_SECONDS);
      expect(await operationOf(environment, ahead)).toMatchObject({ state: 'succeeded' });
    },
    WITHIN_MS,
  );
});
