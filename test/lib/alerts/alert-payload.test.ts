import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { answerToLegacy } from '../../../lib/alerts/alert-answer.ts';
import { type CommonAlert, readAlertPayload } from '../../../lib/alerts/alert-payload.ts';
import { isJsonObject } from '../../../lib/json.ts';
import {
  ALERT_SAMPLES,
  commonAlert,
  FIREWALL_ID_IN_ALERTS,
  FOREIGN_SAMPLES,
  snatAlert,
} from '../../support/alert-samples.ts';
import { publishedSamples } from '../../support/published-samples.ts';

function read(payload: unknown): CommonAlert {
  const result = readAlertPayload(payload);
  if (result.form !== 'common') throw new Error(JSON.stringify(result));
  return result.alert;
}

describe('readAlertPayload', () => {
  it.each([...ALERT_SAMPLES, ...FOREIGN_SAMPLES])('reads or refuses $name', ({ payload, expected }) => {
    const result = readAlertPayload(payload);

    if (expected.status === 400) {
      expect(result).toMatchObject({ form: 'malformed', faults: [{ path: expected.path }] });
    } else {
      expect(result.form).not.toBe('malformed');
    }
  });

  it('keeps the figures, as numbers, and drops everything else', () => {
    expect(read(snatAlert())).toEqual({
      alertId: expect.stringContaining('/alerts/0a0a0a0a'),
      alertRule: 'fw-hub-SNATPortUtilization',
      severity: 'Sev1',
      monitorCondition: 'Fired',
      monitoringService: 'Platform',
      targetIds: [FIREWALL_ID_IN_ALERTS],
      firedDateTime: '2026-05-04T09:12:31.4410071Z',
      resolvedDateTime: null,
      contextKind: 'metric',
      criteria: [
        {
          metricName: 'SNATPortUtilization',
          metricNamespace: 'Microsoft.Network/azureFirewalls',
          operator: 'GreaterThan',
          threshold: 80,
          timeAggregation: 'Average',
          metricValue: 86.4,
          dimensions: [{ name: 'ResourceId', value: 'abcdef' }],
        },
      ],
    });
  });

  it.each([
    ['common-metric-static-test-action', 'metric'],
    ['common-metric-dynamic-test-action', 'dynamicMetric'],
    ['common-webtest-test-action', 'availability'],
    ['common-log-v2-test-action', 'log'],
    ['common-log-v1-numresults-test-action', 'logV1'],
    ['common-activitylog-administrative-test-action', 'activityLog'],
    ['common-resourcehealth-test-action', 'resourceHealth'],
    ['common-servicehealth-test-action', 'serviceHealth'],
    ['common-smart-detector-test-action', 'smartDetection'],
    ['common-budget-null-essentials', 'budget'],
  ])('%s is of kind %s', (name, kind) => {
    expect(read(ALERT_SAMPLES.find((sample) => sample.name === name)?.payload).contextKind).toBe(kind);
  });

  it('takes a Prometheus alert in its envelope for what it is', () => {
    const context = { interval: 'PT1M', expression: 'up > 0', labels: {}, ruleGroup: '/subscriptions/1' };

    expect(read(commonAlert({ monitoringService: 'Prometheus' }, context)).contextKind).toBe('prometheus');
    expect(read(commonAlert({ monitoringService: null }, context)).contextKind).toBe('prometheus');
  });

  it.each([
    [
      'schema and condition in other letters',
      { schemaId: 'AZUREMONITORCOMMONALERTSCHEMA' },
      { monitorCondition: 'resolved' },
      { monitorCondition: 'Resolved' },
    ],
    ['a severity as number', {}, { severity: 3 }, { severity: 'Sev3' }],
    ['a severity as digit', {}, { severity: '3' }, { severity: 'Sev3' }],
    ['a severity in small letters', {}, { severity: 'sev0' }, { severity: 'Sev0' }],
    ['a severity that is none', {}, { severity: 'Sev9' }, { severity: null }],
    ['targets that are no texts', {}, { alertTargetIDs: [1, null, 'x', ''] }, { targetIds: ['x'] }],
    ['one target without its list', {}, { alertTargetIDs: 'x' }, { targetIds: [] }],
    [
      'times of another type',
      {},
      { firedDateTime: 7, resolvedDateTime: {} },
      { firedDateTime: null, resolvedDateTime: null },
    ],
  ])('takes %s', (_what, top, essentials, expected) => {
    expect(read({ ...snatAlert(essentials), ...top })).toMatchObject(expected);
  });

  it.each(['alertId', 'monitorCondition'])('needs %s', (field) => {
    expect(readAlertPayload(snatAlert({ [field]: undefined }))).toMatchObject({
      form: 'malformed',
      faults: [{ code: 'MissingField', path: `data.essentials.${field}` }],
    });
    expect(readAlertPayload(snatAlert({ [field]: 7 }))).toMatchObject({
      form: 'malformed',
      faults: [{ code: 'InvalidRequest', path: `data.essentials.${field}` }],
    });
  });

  it('needs the alert context, and nothing beyond the four fields', () => {
    const four = {
      schemaId: 'azureMonitorCommonAlertSchema',
      data: { essentials: { alertId: 'a', monitorCondition: 'Fired' } },
    };

    expect(readAlertPayload(four)).toMatchObject({ form: 'malformed', faults: [{ path: 'data.alertContext' }] });
    expect(readAlertPayload({ ...four, data: { ...four.data, alertContext: {} } })).toMatchObject({ form: 'common' });
  });

  it('knows the old schemas by their ids and the old log alert by its fields', () => {
    const legacy = (payload: unknown) => readAlertPayload(payload);

    expect(
      legacy({ schemaId: 'Microsoft.Insights/activityLogs', data: { context: { activityLog: { resourceId: '/x' } } } }),
    ).toEqual({ form: 'legacy', alert: { format: 'activityLog', target: '/x' } });
    expect(legacy({ SubscriptionId: 's', SearchQuery: 'Heartbeat', AlertType: 'Number of results' })).toEqual({
      form: 'legacy',
      alert: { format: 'logV1', target: '' },
    });
    expect(answerToLegacy({ format: 'logV1', target: '' }).ignored[0]?.why).toContain('log (V1)');
  });

  it('answers whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(['common', 'legacy', 'malformed']).toContain(readAlertPayload(value).form);
      }),
    );
  });
});

const published = publishedSamples();

(published.size === 0 ? describe.skip : describe)('published samples', () => {
  const own = new Map([...ALERT_SAMPLES, ...FOREIGN_SAMPLES].map((sample) => [sample.name, sample]));

  it('all have a likeness of ours, which must not have drifted from them', () => {
    expect([...own.keys()].sort()).toEqual([...published.keys()].sort());
  });

  it.each([...published])('%s is taken as its likeness is', (name, payload) => {
    const result = readAlertPayload(payload);
    const likeness = readAlertPayload(own.get(name)?.payload);

    expect(result.form).toBe(likeness.form);
    if (result.form === 'common' && likeness.form === 'common')
      expect(result.alert.contextKind).toBe(likeness.alert.contextKind);
    expect(isJsonObject(result)).toBe(true);
  });
});
