import { describe, expect } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { FIREWALL, HUB, hubNetwork, LOCATION, makeFirewall, routeTable, WORKSPACE } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, refuses } from './rules.ts';

const workspace = (properties: JsonObject = {}): JsonObject => ({ location: LOCATION, properties });
const customer = (azure: Azure) => at(azure.get(WORKSPACE).body, 'properties', 'customerId');

describe('Log Analytics workspace', () => {
  refuses([
    {
      name: 'a retention of 29 days',
      id: WORKSPACE,
      body: workspace({ retentionInDays: 29 }),
      code: 'InvalidParameter',
    },
    {
      name: 'a retention of 731 days',
      id: WORKSPACE,
      body: workspace({ retentionInDays: 731 }),
      code: 'InvalidParameter',
    },
    { name: 'an unknown sku', id: WORKSPACE, body: workspace({ sku: { name: 'Gold' } }), code: 'InvalidParameter' },
    { name: 'a bad name', id: `${WORKSPACE}-`, body: workspace(), code: 'InvalidResourceName' },
    {
      name: 'recovery in another region',
      given: (azure) => {
        azure.make(WORKSPACE, workspace());
        azure.remove(WORKSPACE);
      },
      id: WORKSPACE,
      body: { location: 'northeurope', properties: {} },
      status: 409,
      code: 'Conflict',
    },
  ]);
  const before: { customerId?: unknown } = {};
  accepts([
    {
      name: 'a workspace, with its defaults',
      id: WORKSPACE,
      body: workspace(),
      after: (azure) => {
        expect(azure.get(WORKSPACE).body).toMatchObject({
          properties: { retentionInDays: 30, sku: { name: 'PerGB2018' }, publicNetworkAccessForQuery: 'Enabled' },
        });
        expect(customer(azure)).toMatch(/^[0-9a-f-]{36}$/);
      },
    },
    {
      name: 'the same body after a deletion, and recovers it',
      given: (azure) => {
        azure.make(WORKSPACE, workspace());
        before.customerId = customer(azure);
        azure.remove(WORKSPACE);
        azure.advance(13 * 24 * 3600);
      },
      id: WORKSPACE,
      body: workspace(),
      after: (azure) => expect(customer(azure)).toBe(before.customerId),
    },
    {
      name: 'the same body long after a deletion, and makes a new one',
      given: (azure) => {
        azure.make(WORKSPACE, workspace());
        before.customerId = customer(azure);
        azure.remove(WORKSPACE);
        azure.advance(15 * 24 * 3600);
      },
      id: WORKSPACE,
      body: workspace(),
      after: (azure) => expect(customer(azure)).not.toBe(before.customerId),
    },
  ]);
});

describe('diagnostic setting', () => {
  const on = (target: string, name = 'to-workspace') =>
    `${target}/providers/Microsoft.Insights/diagnosticSettings/${name}`;
  const setting = (logs: readonly JsonObject[], properties: JsonObject = {}): JsonObject => ({
    properties: { workspaceId: WORKSPACE, logs, ...properties },
  });
  const log = (category: string): JsonObject => ({ category, enabled: true });

  function ready(azure: Azure): void {
    makeFirewall(azure);
    azure.make(WORKSPACE, workspace());
  }

  refuses([
    {
      name: 'a resource that does not exist',
      id: on(FIREWALL),
      body: setting([log('AZFWNetworkRule')]),
      status: 404,
      code: 'ResourceNotFound',
    },
    {
      name: 'a workspace that does not exist',
      given: makeFirewall,
      id: on(FIREWALL),
      body: setting([log('AZFWNetworkRule')]),
      status: 404,
      code: 'ResourceNotFound',
    },
    {
      name: 'no sink',
      given: ready,
      id: on(FIREWALL),
      body: { properties: { logs: [log('AZFWNetworkRule')] } },
      code: 'BadRequest',
    },
    {
      name: 'a category of another type',
      given: ready,
      id: on(FIREWALL),
      body: setting([log('BastionAuditLogs')]),
      code: 'BadRequest',
      message: /^Category 'BastionAuditLogs' is not supported\.$/,
    },
    {
      name: 'metrics of a type that has none',
      given: (azure) => {
        ready(azure);
        azure.make(hub('networkSecurityGroups/nsg'), { location: LOCATION, properties: {} });
      },
      id: on(hub('networkSecurityGroups/nsg')),
      body: setting([], { metrics: [{ category: 'AllMetrics', enabled: true }] }),
      code: 'BadRequest',
    },
    {
      name: 'a type that sends nothing',
      given: (azure) => {
        ready(azure);
        azure.make(hub('routeTables/rt'), routeTable([]));
      },
      id: on(hub('routeTables/rt')),
      body: setting([log('Anything')]),
      code: 'BadRequest',
      message: /does not support diagnostic settings/,
    },
    {
      name: 'a category and a group together',
      given: ready,
      id: on(FIREWALL),
      body: setting([log('AZFWNetworkRule'), { categoryGroup: 'allLogs', enabled: true }]),
      code: 'BadRequest',
    },
    {
      name: 'one workspace twice for one category',
      given: (azure) => {
        ready(azure);
        azure.make(on(FIREWALL, 'first'), setting([log('AZFWNetworkRule')]));
      },
      id: on(FIREWALL, 'second'),
      body: setting([log('AZFWNetworkRule')]),
      status: 409,
      code: 'Conflict',
      message: /is already used in diagnostic setting 'first' for category 'AZFWNetworkRule'/,
    },
    {
      name: 'a sixth setting',
      given: (azure) => {
        ready(azure);
        const categories = ['AZFWNetworkRule', 'AZFWNatRule', 'AZFWDnsQuery', 'AZFWFatFlow', 'AZFWFlowTrace'];
        for (const category of categories) azure.make(on(FIREWALL, category), setting([log(category)]));
      },
      id: on(FIREWALL, 'sixth'),
      body: setting([log('AZFWThreatIntel')]),
      status: 409,
      code: 'Conflict',
    },
  ]);
  accepts([
    {
      name: 'a setting at once',
      given: ready,
      id: on(FIREWALL),
      body: setting([log('AZFWNetworkRule')], { metrics: [{ category: 'AllMetrics', enabled: true }] }),
      after: (azure) => {
        const { body } = azure.get(on(FIREWALL));
        expect(at(body, 'properties', 'workspaceId')).toBe(WORKSPACE);
        expect(body.etag).toBeUndefined();
        expect(at(body, 'properties', 'provisioningState')).toBeUndefined();
      },
    },
    {
      name: 'metrics of a virtual network',
      given: (azure) => {
        azure.make(WORKSPACE, workspace());
        azure.make(HUB, hubNetwork());
      },
      id: on(HUB),
      body: setting([{ categoryGroup: 'allLogs', enabled: true }], {
        metrics: [{ category: 'AllMetrics', enabled: true }],
      }),
      after: (azure) => expect(azure.get(on(HUB)).status).toBe(200),
    },
  ]);
});
