import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { FIREWALL, HUB, makeFirewall } from './fixtures.ts';
import { type Azure, at, GROUP, hub } from './harness.ts';
import { accepts, eachWithAzure, refuses } from './rules.ts';

const RULE = `${GROUP}/providers/Microsoft.Insights/metricAlerts/alert-snat`;
const ACTION_GROUP = `${GROUP}/providers/Microsoft.Insights/actionGroups/ag-hub`;
const SINGLE = 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria';
const MULTIPLE = 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria';

function criterion(more: JsonObject = {}): JsonObject {
  return {
    criterionType: 'StaticThresholdCriterion',
    name: 'snat',
    metricNamespace: 'Microsoft.Network/azureFirewalls',
    metricName: 'SNATPortUtilization',
    operator: 'GreaterThan',
    threshold: 80,
    timeAggregation: 'Average',
    dimensions: [],
    ...more,
  };
}

function rule(properties: JsonObject = {}, ...criteria: readonly JsonObject[]): JsonObject {
  return {
    location: 'global',
    properties: {
      severity: 1,
      enabled: true,
      scopes: [FIREWALL],
      evaluationFrequency: 'PT1M',
      windowSize: 'PT5M',
      criteria: { 'odata.type': SINGLE, allOf: criteria.length === 0 ? [criterion()] : criteria },
      actions: [{ actionGroupId: ACTION_GROUP }],
      ...properties,
    },
  };
}

function given(azure: Azure): void {
  makeFirewall(azure);
  azure.put(ACTION_GROUP, { location: 'Global', properties: { groupShortName: 'hub', enabled: true } });
}

const BAD = { given, id: RULE, code: 'BadRequest' } as const;
const split = (values: readonly string[], operator = 'Include', name = 'Protocol'): JsonObject =>
  criterion({ dimensions: [{ name, operator, values }] });

describe('metric alert rules', () => {
  refuses([
    { ...BAD, name: 'an unknown frequency', body: rule({ evaluationFrequency: 'PT2M' }) },
    { ...BAD, name: 'an unknown window', body: rule({ windowSize: 'PT3M' }) },
    {
      ...BAD,
      name: 'a window shorter than the frequency',
      body: rule({ windowSize: 'PT5M', evaluationFrequency: 'PT15M' }),
    },
    { ...BAD, name: 'a severity of 5', body: rule({ severity: 5 }) },
    { ...BAD, name: 'no scope', body: rule({ scopes: [] }) },
    { ...BAD, name: 'two scopes of one resource', body: rule({ scopes: [FIREWALL, HUB] }) },
    {
      ...BAD,
      name: 'a scope that does not exist',
      status: 404,
      code: 'ResourceNotFound',
      body: rule({ scopes: [hub('azureFirewalls/other')] }),
    },
    {
      ...BAD,
      name: 'an action group that does not exist',
      status: 404,
      code: 'ResourceNotFound',
      body: rule({ actions: [{ actionGroupId: `${ACTION_GROUP}-2` }] }),
    },
    { ...BAD, name: 'an action that is no action group', body: rule({ actions: [{ actionGroupId: FIREWALL }] }) },
    {
      ...BAD,
      name: 'a target of another type',
      body: rule({ targetResourceType: 'Microsoft.Network/virtualNetworks' }),
    },
    { ...BAD, name: 'no criteria', body: rule({ criteria: { 'odata.type': SINGLE, allOf: [] } }) },
    { ...BAD, name: 'criteria of no type', body: rule({ criteria: { allOf: [criterion()] } }) },
    {
      ...BAD,
      name: 'an unknown metric',
      body: rule({}, criterion({ metricName: 'Unknown' })),
      message: /named Unknown/,
    },
    { ...BAD, name: 'another namespace', body: rule({}, criterion({ metricNamespace: 'Microsoft.Network/other' })) },
    { ...BAD, name: 'an unknown dimension', body: rule({}, split(['*'], 'Include', 'Colour')) },
    { ...BAD, name: 'an unknown operator', body: rule({}, criterion({ operator: 'Above' })) },
    { ...BAD, name: 'an aggregation that the metric lacks', body: rule({}, criterion({ timeAggregation: 'Total' })) },
    { ...BAD, name: 'a threshold in words', body: rule({}, criterion({ threshold: 'high' })) },
    { ...BAD, name: 'two criteria of one name', body: rule({}, criterion(), criterion()) },
    {
      ...BAD,
      name: 'several criteria split by all values',
      body: rule({}, split(['*']), criterion({ name: 'other', metricName: 'ObservedCapacity' })),
    },
    {
      ...BAD,
      name: 'a dynamic threshold for a single resource',
      body: rule({}, criterion({ criterionType: 'DynamicThresholdCriterion' })),
    },
    { ...BAD, name: 'a resource group without type and region', body: rule({ scopes: [GROUP] }) },
  ]);

  accepts([
    {
      name: 'a rule with defaults, as Microsoft writes its words',
      given,
      id: RULE,
      body: rule({}, criterion({ operator: 'greaterthan', timeAggregation: 'average' })),
      after: (azure) => {
        const { body } = azure.get(RULE);
        expect(body).toMatchObject({ location: 'global', type: 'Microsoft.Insights/metricAlerts' });
        expect(at(body, 'properties', 'autoMitigate')).toBe(true);
        expect(at(body, 'properties', 'criteria', 'allOf', 0)).toMatchObject({
          operator: 'GreaterThan',
          timeAggregation: 'Average',
        });
        expect(at(body, 'properties', 'provisioningState')).toBeUndefined();
      },
    },
    {
      name: 'a metric that is not there yet, where that is asked for',
      given,
      id: RULE,
      body: rule({}, criterion({ metricName: 'Tomorrow', skipMetricValidation: true })),
      after: (azure) => expect(azure.get(RULE).status).toBe(200),
    },
    {
      name: 'a dynamic threshold over several resources',
      given,
      id: RULE,
      body: rule({
        targetResourceType: 'Microsoft.Network/azureFirewalls',
        targetResourceRegion: 'westeurope',
        criteria: {
          'odata.type': MULTIPLE,
          allOf: [
            {
              criterionType: 'DynamicThresholdCriterion',
              name: 'dynamic',
              metricName: 'SNATPortUtilization',
              operator: 'GreaterOrLessThan',
              timeAggregation: 'Average',
              alertSensitivity: 'Medium',
              failingPeriods: { numberOfEvaluationPeriods: 4, minFailingPeriodsToAlert: 4 },
            },
          ],
        },
      }),
      after: (azure) => expect(azure.get(RULE).status).toBe(200),
    },
  ]);

  const azure = eachWithAzure();

  it('are done at once, with 200, changed by PATCH and listed', () => {
    given(azure());
    expect(azure().put(RULE, rule()).status).toBe(200);
    expect(azure().request('PATCH', RULE, { properties: { enabled: false } }).status).toBe(200);
    const list = azure().get(`${GROUP}/providers/Microsoft.Insights/metricAlerts`);
    expect(at(list.body, 'value', 0, 'properties', 'enabled')).toBe(false);
    expect(at(list.body, 'value', 0, 'properties', 'severity')).toBe(1);
    expect(azure().delete(RULE).status).toBe(200);
    expect(azure().delete(RULE).status).toBe(204);
  });

  it('hold nothing: their firewall can be written meanwhile', () => {
    given(azure());
    azure().put(RULE, rule());
    expect(azure().delete(FIREWALL).status).toBe(202);
  });
});
