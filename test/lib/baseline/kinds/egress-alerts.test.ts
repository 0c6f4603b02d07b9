import { describe, expect, it } from '@jest/globals';
import { compile } from '../../../../lib/baseline/compile.ts';
import { kindOf } from '../../../../lib/baseline/kinds/index.ts';
import type { BaselineSpecInput } from '../../../../lib/baseline/spec.ts';
import { validateSpecValue } from '../../../../lib/baseline/validate.ts';
import type { JsonObject } from '../../../../lib/json.ts';
import { compare } from '../../../../lib/plan/compare.ts';
import { mergeForWrite, ownedFieldsOf } from '../../../../lib/plan/merge.ts';
import { getAt } from '../../../../lib/plan/property-path.ts';
import { baseSpec } from '../../../support/base-spec.ts';

const NOW = '2026-11-20T00:00:00Z';
const url = 'https://app.example/api/alerts';
const secureWebhook = {
  objectId: '00000000-0000-4000-8000-00000000000a',
  identifierUri: 'api://hubkeeper',
  tenantId: '00000000-0000-4000-8000-00000000000c',
};
const existingGroup =
  '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-monitoring/providers/Microsoft.Insights/actionGroups/ag-shared';

function nodesOf(egress: BaselineSpecInput['egress'], more: Partial<BaselineSpecInput> = {}) {
  const document: JsonObject = JSON.parse(JSON.stringify({ ...baseSpec(), ...more, egress }));
  const result = validateSpecValue(document, { todayIso: '2026-11-20' });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const { nodes } = compile(result.resolved, [], NOW);
  const of = (kind: string) => nodes.filter((node) => node.kind === kind);
  return { groups: of('actionGroup'), alerts: of('metricAlert') };
}

const criterion = (body: JsonObject) => getAt(body, 'properties.criteria.allOf[SNATPortUtilization]');

describe('alert rules for SNAT ports', () => {
  it('have the thresholds by which relief decides, split by protocol, and tell the action group', () => {
    const { groups, alerts } = nodesOf({
      scaleOut: { utilizationPercent: 85, maximumPercent: 98 },
      alertSeverity: 2,
      actionGroup: { name: 'ag-ops', shortName: 'ops', receiver: { url, secureWebhook } },
    });

    expect(alerts.map(({ body }) => criterion(body))).toMatchObject([
      { threshold: 85, timeAggregation: 'Average', operator: 'GreaterThanOrEqual', dimensions: [{ values: ['*'] }] },
      { threshold: 98, timeAggregation: 'Maximum', operator: 'GreaterThanOrEqual', dimensions: [{ values: ['*'] }] },
    ]);
    for (const { body, scope } of alerts) {
      expect(scope).toBe('egress');
      expect(getAt(body, 'properties.severity')).toBe(2);
      expect(getAt(body, 'properties.actions')).toEqual([{ actionGroupId: groups[0]?.id }]);
    }
    expect(groups[0]?.id).toMatch(/\/actionGroups\/ag-ops$/);
    expect(groups[0]?.body).toMatchObject({
      location: 'global',
      properties: {
        groupShortName: 'ops',
        webhookReceivers: [{ serviceUri: url, useCommonAlertSchema: true, useAadAuth: true, ...secureWebhook }],
      },
    });
  });

  it('are made when somebody is named whom they tell, or when the spec says so', () => {
    const receiver = { url, secureWebhook };
    expect(nodesOf({})).toEqual({ groups: [], alerts: [] });
    expect(nodesOf({ alertRules: true })).toMatchObject({ groups: [], alerts: [{}, {}] });
    expect(nodesOf({ alertRules: false, actionGroup: { receiver } })).toMatchObject({ groups: [{}], alerts: [] });
    expect(getAt(nodesOf({ alertRules: true }).alerts[0]?.body ?? {}, 'properties.actions')).toBeUndefined();
  });

  it('use an existing action group without writing to it', () => {
    const { groups, alerts } = nodesOf({ actionGroup: { id: existingGroup } });

    expect(groups).toMatchObject([{ id: existingGroup, presence: 'reference', body: {} }]);
    expect(alerts.map(({ body }) => getAt(body, 'properties.actions'))).toEqual(
      Array(2).fill([{ actionGroupId: existingGroup }]),
    );
    expect(kindOf('metricAlert').referencesOf(alerts[0]?.body ?? {})).toContain(existingGroup);
  });

  it('can be named otherwise', () => {
    const { alerts } = nodesOf(
      { alertRules: true },
      { nameOverrides: { 'metricAlert/alert-fw-westeurope-snat': 'snat-exhaustion' } },
    );

    expect(alerts.map(({ id }) => id.split('/').at(-1))).toEqual(['snat-exhaustion', 'alert-fw-westeurope-snat-peak']);
  });
});

describe('an action group', () => {
  const [group] = nodesOf({ actionGroup: { receiver: { url, secureWebhook } } }).groups;
  const { comparison } = kindOf('actionGroup');
  const body = group?.body ?? {};
  const theirs = { name: 'pager', serviceUri: 'https://pager.example/?code=s3cret', useCommonAlertSchema: false };

  it('keeps the receivers of others, and shows nobody’s address', () => {
    const ours = getAt(body, 'properties.webhookReceivers[hubkeeper]');
    const actual: JsonObject = {
      ...body,
      properties: {
        groupShortName: 'hubkeeper',
        enabled: false,
        webhookReceivers: [theirs, { ...Object(ours), serviceUri: 'https://elsewhere.example/?code=s3cret' }],
      },
    };
    const owned = group === undefined ? {} : ownedFieldsOf(group, comparison);

    const { differences } = compare(body, actual, comparison, owned);
    const written = mergeForWrite(body, actual, comparison, owned);

    expect(differences.map(({ path }) => path)).toEqual([
      'properties.enabled',
      'properties.webhookReceivers[hubkeeper].serviceUri',
    ]);
    expect(JSON.stringify(differences)).not.toMatch(/s3cret|app\.example/);
    expect(getAt(written, 'properties.webhookReceivers')).toEqual([
      theirs,
      expect.objectContaining({ serviceUri: url }),
    ]);
  });

  it('shows no address when it is made either', () => {
    expect(JSON.stringify(compare(body, null, comparison, {}))).not.toMatch(/app\.example/);
  });
});
