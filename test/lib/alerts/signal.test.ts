import { describe, expect, it } from '@jest/globals';
import { readAlertPayload } from '../../../lib/alerts/alert-payload.ts';
import { type ReadAlert, signalsOf } from '../../../lib/alerts/signal.ts';
import { commonAlert, FIREWALL_ID, FIREWALL_ID_IN_ALERTS, GATEWAY_ID, snatAlert } from '../../support/alert-samples.ts';

function heard(payload: unknown): ReadAlert {
  const read = readAlertPayload(payload);
  if (read.form !== 'common') throw new Error('no common alert');
  return signalsOf(read.alert);
}

describe('signalsOf', () => {
  it('hears SNAT exhaustion with its figures', () => {
    expect(heard(snatAlert())).toEqual({
      signals: [
        {
          kind: 'snatExhaustion',
          target: FIREWALL_ID_IN_ALERTS,
          condition: 'Fired',
          severity: 'Sev1',
          alertId: expect.stringContaining('/alerts/'),
          alertRule: 'fw-hub-SNATPortUtilization',
          at: '2026-05-04T09:12:31.4410071Z',
          thresholdPercent: 80,
          valuePercent: 86.4,
        },
      ],
      unheard: [],
    });
  });

  it.each(['GreaterThan', 'greaterthan', 'Greater Than', 'GreaterThanOrEqual', 'GREATER_THAN_OR_EQUAL'])(
    'takes %s for a rise',
    (operator) => {
      expect(heard(snatAlert({}, { operator })).signals).toHaveLength(1);
    },
  );

  it.each([
    ['LessThan', /low: that is no exhaustion/],
    ['lessThanOrEqual', /low: that is no exhaustion/],
    ['Equals', /compares SNATPortUtilization by Equals/],
    [undefined, /by GreaterThan|no operator/],
  ])('never takes %s for exhaustion', (operator, why) => {
    const overrides = { operator } as { readonly operator?: string };

    expect(heard(snatAlert({}, overrides))).toMatchObject({
      signals: [],
      unheard: [{ target: FIREWALL_ID_IN_ALERTS, why: expect.stringMatching(why) }],
    });
  });

  it.each([
    [91, '70', 1],
    [12, '70', 0],
    [70, '70', 0],
    [undefined, '70', 0],
    [91, null, 0],
  ])('hears a dynamic rule for both ways only above its threshold: %s against %s', (metricValue, threshold, count) => {
    const criterion = {
      conditionType: 'DynamicThresholdCriteria',
      operator: 'GreaterOrLessThan',
      metricValue,
      threshold,
    };

    expect(heard(snatAlert({}, criterion)).signals).toHaveLength(count);
  });

  it.each([
    ['GreaterOrLessThan', 41],
    ['GreaterOrLessThan', undefined],
    ['LessThan', 90],
    [undefined, 41],
  ])('hears that an alert is over whatever the operator and the figure: %s, %s', (operator, metricValue) => {
    const criterion = { operator, metricValue } as { readonly operator?: string };
    const over = { monitorCondition: 'Resolved', resolvedDateTime: '2026-05-04T09:30:00Z' };

    expect(heard(snatAlert(over, criterion)).signals).toMatchObject([
      { condition: 'Resolved', at: '2026-05-04T09:30:00Z', valuePercent: metricValue ?? null },
    ]);
    expect(heard(snatAlert(over, { ...criterion, metricName: 'Throughput' })).signals).toEqual([]);
  });

  it.each(['Total', 'Count', 'Sum'])('does not read ports out of a %s', (timeAggregation) => {
    expect(heard(snatAlert({}, { timeAggregation })).signals).toEqual([]);
  });

  it('hears one signal of a rule with several criteria, from the one that tells', () => {
    const alert = snatAlert();
    const context = JSON.parse(JSON.stringify(alert)) as {
      data: { alertContext: { condition: { allOf: Record<string, unknown>[] } } };
    };
    const { allOf } = context.data.alertContext.condition;
    allOf.unshift(
      { ...allOf[0], operator: 'LessThan', metricValue: 1 },
      { metricName: 'FirewallHealth', operator: 'LessThan' },
    );

    expect(heard(context).signals).toMatchObject([{ valuePercent: 86.4 }]);
  });

  it.each(['FirewallHealth', 'Throughput', ''])('is not about %j', (metricName) => {
    expect(heard(snatAlert({}, { metricName })).unheard).toMatchObject([
      { why: expect.stringContaining('not about SNATPortUtilization') },
    ]);
  });

  it('does not take the metric of another namespace, and does without one', () => {
    expect(heard(snatAlert({}, { metricNamespace: 'Contoso/azureFirewalls' })).signals).toEqual([]);
    expect(heard(snatAlert({}, { metricNamespace: null })).signals).toHaveLength(1);
    expect(heard(snatAlert({}, { metricNamespace: 'MICROSOFT.NETWORK/AZUREFIREWALLS' })).signals).toHaveLength(1);
  });

  it('hears each resource of a list once, whatever its spelling', () => {
    const targets = [FIREWALL_ID, FIREWALL_ID.toUpperCase(), `${FIREWALL_ID}-2`, GATEWAY_ID];

    const { signals, unheard } = heard(snatAlert({ alertTargetIDs: targets }));

    expect(signals.map(({ target }) => target)).toEqual([FIREWALL_ID.toUpperCase(), `${FIREWALL_ID}-2`]);
    expect(unheard.map(({ target }) => target)).toEqual([GATEWAY_ID]);
  });

  it('takes the resource of a log alert from its dimension, not the workspace', () => {
    const condition = { allOf: [{ dimensions: [{ name: '_ResourceId', value: GATEWAY_ID }] }] };
    const alert = commonAlert({ alertTargetIDs: ['/w'] }, { conditionType: 'LogQueryCriteria', condition });

    expect(heard(alert).unheard.map(({ target }) => target)).toEqual([GATEWAY_ID]);
  });

  it('gives an end the time of its end, and of its firing when it has none', () => {
    const over = (essentials: Record<string, unknown>) =>
      heard(snatAlert({ monitorCondition: 'Resolved', ...essentials })).signals[0]?.at;

    expect(over({ resolvedDateTime: '2026-05-04T10:00:00Z' })).toBe('2026-05-04T10:00:00Z');
    expect(over({})).toBe('2026-05-04T09:12:31.4410071Z');
    expect(over({ firedDateTime: undefined })).toBe(null);
  });
});
