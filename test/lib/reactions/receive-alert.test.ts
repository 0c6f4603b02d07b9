import { describe, expect, it } from '@jest/globals';
import { statusOfAnswer } from '../../../lib/alerts/alert-answer.ts';
import { type ReceivedAlert, receiveAlert } from '../../../lib/reactions/receive-alert.ts';
import { openAlerts, reactionsOf } from '../../../lib/state/reactions.ts';
import { BASELINE, createIntake, type Intake, NOW } from '../../support/alert-intake.ts';
import {
  ALERT_SAMPLES,
  FIREWALL_ID,
  FIREWALL_ID_IN_ALERTS,
  FOREIGN_SAMPLES,
  snatAlert,
} from '../../support/alert-samples.ts';

const RECEPTION = { nowIso: NOW, payloadSha256: 'ab'.repeat(32) };

async function post(intake: Intake, payload: unknown): Promise<Extract<ReceivedAlert, { outcome: 'answered' }>> {
  const received = await receiveAlert(intake.dependencies, payload, RECEPTION);
  if (received.outcome !== 'answered') throw new Error(JSON.stringify(received));
  return received;
}

async function managed(options: Parameters<typeof createIntake>[0] = {}): Promise<Intake> {
  const intake = createIntake(options);
  await intake.manage(BASELINE, [FIREWALL_ID]);
  return intake;
}

describe('what nobody manages', () => {
  it.each([...ALERT_SAMPLES, ...FOREIGN_SAMPLES])('$name is answered and leaves nothing behind', async (sample) => {
    const intake = await managed();
    await intake.manage(BASELINE, ['/subscriptions/other']);
    const before = await intake.head();
    const elsewhere = JSON.parse(JSON.stringify(sample.payload).replaceAll('fw-hub', 'fw-elsewhere'));

    const received = await receiveAlert(intake.dependencies, elsewhere, RECEPTION);

    expect(await intake.head()).toEqual(before);
    expect(intake.calls().filter((call) => !call.endsWith('.read'))).toEqual([]);
    if (sample.expected.status === 400) {
      expect(received.outcome).toBe('malformed');
      return;
    }
    expect(received).toMatchObject({
      outcome: 'answered',
      starts: [],
      answer: {
        recognised: [],
        ignored: [
          {
            target: sample.expected.target.replaceAll('fw-hub', 'fw-elsewhere'),
            why: expect.stringMatching(sample.expected.why),
          },
        ],
      },
    });
  });
});

describe('an alert of a managed firewall', () => {
  it('is recognised, recorded with its figures, and names its orchestration', async () => {
    const intake = await managed();

    const { answer, starts, isCopy } = await post(intake, snatAlert());

    expect(answer).toEqual({
      recognised: [{ target: FIREWALL_ID, reaction: 'relieveSnatExhaustion', operationId: 'prod-1' }],
      ignored: [],
    });
    expect(statusOfAnswer(answer)).toBe(202);
    expect(isCopy).toBe(false);
    expect(starts).toEqual([
      {
        kind: 'relieveSnatExhaustion',
        baseline: BASELINE,
        target: FIREWALL_ID,
        instanceId: expect.stringMatching(/^relieveSnatExhaustion\.[0-9a-f]{32}\.1$/),
      },
    ]);
    const head = await intake.head();
    expect(reactionsOf(head)).toMatchObject([{ sequence: 1, signal: { valuePercent: 86.4, thresholdPercent: 80 } }]);
    expect(head.outbox).toMatchObject([
      {
        trigger: 'alert',
        decision: 'alert recorded',
        operationId: 'prod-1',
        resource: FIREWALL_ID,
        reason: expect.stringContaining('at 86.4 %, threshold 80 %'),
      },
    ]);
  });

  it('costs few storage calls: six when new, one as a copy', async () => {
    const intake = await managed();
    intake.calls();

    await post(intake, snatAlert());
    expect(intake.calls()).toEqual([
      'tables.read',
      'tables.read',
      'tables.read',
      'documents.read',
      'documents.write',
      'tables.insertOrRead',
    ]);
    await post(intake, snatAlert());
    expect(intake.calls()).toEqual(['tables.read']);
  });

  it('has one effect for a thousand copies, over ten restarts, at once or one by one', async () => {
    let intake = await managed();
    const first = await post(intake, snatAlert());
    const once = await intake.head();

    for (let restart = 0; restart < 10; restart++) {
      intake = intake.restarted();
      const copies = await Promise.all(Array.from({ length: 100 }, () => post(intake, snatAlert())));
      for (const copy of copies) expect(copy).toMatchObject({ answer: first.answer, starts: [], isCopy: true });
    }

    expect(await intake.head()).toEqual(once);
  });

  it('has one effect for copies that race each other from the beginning', async () => {
    const intake = await managed();

    const answers = await Promise.all(Array.from({ length: 20 }, () => post(intake, snatAlert())));

    expect(new Set(answers.map(({ answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(answers.flatMap(({ starts }) => starts)).toHaveLength(1);
    expect(await intake.head()).toMatchObject({ counters: { operation: 1 }, outbox: [{ decision: 'alert recorded' }] });
  });

  it('is recorded by its copy when the first try died before its row was written', async () => {
    let calls = 0;
    const intake = await managed();
    const dying = createIntakeThatFailsAt(intake, 6, () => ++calls);

    await expect(post(dying, snatAlert())).rejects.toThrow();
    const copy = await post(intake, snatAlert());

    expect(copy.answer.recognised).toMatchObject([{ operationId: 'prod-1' }]);
    expect(reactionsOf(await intake.head())).toMatchObject([{ sequence: 1, instances: 1 }]);
  });

  it('is over without an order, before or after it fired', async () => {
    const over = snatAlert({ monitorCondition: 'Resolved', resolvedDateTime: '2026-05-04T09:30:00Z' });
    const intake = await managed();

    const first = await post(intake, over);
    expect(statusOfAnswer(first.answer)).toBe(200);
    expect(first).toMatchObject({ starts: [], answer: { recognised: [], ignored: [{ target: FIREWALL_ID }] } });
    expect((await post(intake, over)).isCopy).toBe(true);
    const fired = await post(intake, snatAlert());
    expect(fired.starts).toHaveLength(1);
    expect((await intake.head()).outbox.map(({ decision }) => decision)).toEqual(['alert over', 'alert recorded']);
  });

  it('is over when a rule for both ways says so, with a figure below its threshold', async () => {
    const intake = await managed();
    const both = { conditionType: 'DynamicThresholdCriteria', operator: 'GreaterOrLessThan' };
    const isOpen = async () =>
      reactionsOf(await intake.head()).flatMap((one) => openAlerts(one, '2026-05-04T00:00:00Z')).length > 0;
    await post(intake, snatAlert({}, { ...both, metricValue: 91 }));
    expect(await isOpen()).toBe(true);

    const over = { monitorCondition: 'Resolved', resolvedDateTime: '2026-05-04T09:30:00Z' };
    expect((await post(intake, snatAlert(over, { ...both, metricValue: 41 }))).starts).toEqual([]);

    expect(await isOpen()).toBe(false);
    expect(reactionsOf(await intake.head())).toMatchObject([{ sequence: 1 }]);
  });

  it('is not taken for exhaustion when its rule is the wrong way round', async () => {
    const intake = await managed();
    const before = await intake.head();

    const { answer } = await post(intake, snatAlert({}, { operator: 'LessThan' }));

    expect(answer).toMatchObject({ recognised: [], ignored: [{ target: FIREWALL_ID_IN_ALERTS }] });
    expect(await intake.head()).toEqual(before);
  });

  it('answers for each target of its own', async () => {
    const intake = createIntake();
    const ids = Array.from({ length: 10 }, (_, n) => `${FIREWALL_ID}-${n}`);
    for (const [n, id] of ids.entries()) await intake.manage(`base-${n}`, [id]);

    const { answer, starts } = await post(intake, snatAlert({ alertTargetIDs: [...ids, FIREWALL_ID] }));

    expect(answer.recognised.map(({ target, operationId }) => [target, operationId])).toEqual(
      ids.map((id, n) => [id, `base-${n}-1`]),
    );
    expect(answer.ignored).toMatchObject([{ target: FIREWALL_ID, why: 'No baseline manages this resource.' }]);
    expect(new Set(starts.map(({ instanceId }) => instanceId)).size).toBe(10);
  });
});

describe('a target that nothing may be done to', () => {
  it.each([
    ['is being torn down', {}, { teardown: true }, /torn down/],
    ['lies outside the allowed scopes', { allowedScopes: '/subscriptions/other' }, {}, /HUBKEEPER_ALLOWED_SCOPES/],
    ['has no spec any more', {}, { specVersion: 0 }, /No baseline manages/],
  ])('%s: ignored', async (_what, options, change, why) => {
    const intake = createIntake(options);
    await intake.manage(BASELINE, [FIREWALL_ID], change);

    const { answer, starts } = await post(intake, snatAlert());

    expect({ starts, answer }).toMatchObject({
      starts: [],
      answer: { recognised: [], ignored: [{ why: expect.stringMatching(why) }] },
    });
    expect(reactionsOf(await intake.head())).toEqual([]);
  });

  it('is ignored when its baseline is gone', async () => {
    const intake = createIntake();
    await intake.dependencies.ledger.claim('gone', FIREWALL_ID);

    expect((await post(intake, snatAlert())).answer).toMatchObject({
      recognised: [],
      ignored: [{ target: FIREWALL_ID_IN_ALERTS, why: 'No baseline manages this resource.' }],
    });
  });

  it('is recognised inside the allowed scopes', async () => {
    const intake = await managed({ allowedScopes: FIREWALL_ID.toUpperCase().replace(/\/PROVIDERS.*/, '') });

    expect((await post(intake, snatAlert())).answer.recognised).toHaveLength(1);
  });
});

/** The same storage, which fails at the nth call: a process that dies there. */
function createIntakeThatFailsAt(intake: Intake, failingCall: number, count: () => number): Intake {
  return intake.restarted({ failing: () => count() === failingCall });
}
