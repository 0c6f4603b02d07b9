import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../../../local/azure/json.ts';
import { TENANT_ID } from '../../../../local/azure/token-issuer.ts';
import { FIREWALL, firewall, makeFirewall, publicAddress } from '../resource-types/fixtures.ts';
import { Azure, at, GROUP, hub, tokens } from '../resource-types/harness.ts';
import { Webhook } from './webhook.ts';

const ACTION_GROUP = `${GROUP}/providers/Microsoft.Insights/actionGroups/ag-hub`;
const RULE = `${GROUP}/providers/Microsoft.Insights/metricAlerts/fw-hub-SNATPortUtilization`;
const MINUTE = 60;

let azure: Azure;
let webhook: Webhook;
beforeEach(async () => {
  azure = new Azure();
  webhook = new Webhook();
  await webhook.start();
});
afterEach(async () => {
  azure.close();
  await webhook.stop();
});

function snat(ports: JsonObject | null): void {
  azure.simulation.changeTraffic({ firewalls: { [FIREWALL]: { snatPortsInUse: ports } } });
}

function receivers(properties: JsonObject): JsonObject {
  return { location: 'Global', properties: { groupShortName: 'hub', enabled: true, ...properties } };
}

function rule(properties: JsonObject = {}, criterion: JsonObject = {}): JsonObject {
  return {
    location: 'global',
    properties: {
      severity: 1,
      enabled: true,
      description: 'Few SNAT ports are left.',
      scopes: [FIREWALL],
      evaluationFrequency: 'PT1M',
      windowSize: 'PT5M',
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion',
            name: 'snat',
            metricNamespace: 'Microsoft.Network/azureFirewalls',
            metricName: 'SNATPortUtilization',
            operator: 'GreaterThan',
            threshold: 80,
            timeAggregation: 'Average',
            dimensions: [{ name: 'Protocol', operator: 'Include', values: ['*'] }],
            ...criterion,
          },
        ],
      },
      actions: [{ actionGroupId: ACTION_GROUP }],
      ...properties,
    },
  };
}

function put(id: string, body: JsonObject): void {
  const { status, message } = azure.put(id, body);
  if (status >= 300) throw new Error(message);
}

/** Three addresses with two instances: 14,976 ports; and a webhook that is told of more than 80 percent. */
async function given(ruleBody: JsonObject = rule(), groupProperties?: JsonObject): Promise<void> {
  makeFirewall(azure, 3);
  const webhooks = [{ name: 'relief', serviceUri: webhook.url, useCommonAlertSchema: true }];
  put(ACTION_GROUP, receivers(groupProperties ?? { webhookReceivers: webhooks }));
  put(RULE, ruleBody);
  snat({ TCP: 3_000, UDP: 100 });
  await azure.pass(20 * MINUTE);
}

const conditions = (): readonly (Json | undefined)[] =>
  webhook.received.map(({ body }) => at(body as Json, 'data', 'essentials', 'monitorCondition'));
const alertIds = (): readonly string[] =>
  webhook.received.map(({ body }) => String(at(body as Json, 'data', 'essentials', 'alertId')));
const calls = (): readonly Json[] => at(azure.simulation.alerts(), 'calls') as readonly Json[];
const states = (): readonly (Json | undefined)[] => calls().map((call) => at(call, 'state'));

/** Names at every depth, for a comparison of shapes. */
function shape(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, inner]) => [name, shape(inner)]));
}

describe('a stateful metric alert', () => {
  it('fires once, and is resolved after three healthy checks', async () => {
    await given();
    expect(webhook.received).toHaveLength(0);
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(60 * MINUTE);
    expect(conditions()).toEqual(['Fired']);
    snat({ TCP: 3_000, UDP: 100 });
    await azure.pass(60 * MINUTE);
    expect(conditions()).toEqual(['Fired', 'Resolved']);
    expect(new Set(alertIds()).size).toBe(1);
    expect(states()).toEqual(['delivered', 'delivered']);
    const [fired, resolved] = webhook.received.map(({ body }) => at(body as Json, 'data', 'essentials') as JsonObject);
    const backMs = azure.simulation.clockKeeper.clock.nowMs() - 60 * MINUTE * 1000;
    const resolvedMs = Date.parse(String(resolved?.resolvedDateTime));
    expect(fired?.firedDateTime).toBe(resolved?.firedDateTime);
    expect(fired).not.toHaveProperty('resolvedDateTime');
    // The average falls below 80 after two of five minutes, which can be read three minutes later; then three checks.
    expect(resolvedMs - backMs).toBeGreaterThan(5 * MINUTE * 1000);
    expect(resolvedMs - backMs).toBeLessThan(10 * MINUTE * 1000);
  });

  it('fires within minutes after the window is full', async () => {
    await given();
    const roseMs = azure.simulation.clockKeeper.clock.nowMs();
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(20 * MINUTE);
    const fired = at(webhook.received[0]?.body as Json, 'data', 'essentials', 'firedDateTime');
    const afterMs = Date.parse(String(fired)) - roseMs;
    expect(afterMs).toBeGreaterThanOrEqual(7 * MINUTE * 1000);
    expect(afterMs).toBeLessThanOrEqual(10 * MINUTE * 1000);
  });

  it('posts the common schema as the sample has it', async () => {
    await given(rule({}, { dimensions: [] }));
    snat({ TCP: 13_000, UDP: null });
    await azure.pass(20 * MINUTE);
    const sample: Json = JSON.parse(readFileSync('test/local/azure/monitoring/metric-alert-fired.json', 'utf8'));
    const body = webhook.received[0]?.body as Json;
    expect(shape(body)).toEqual(shape(sample));
    expect(at(body, 'data', 'essentials')).toMatchObject({
      alertRule: 'fw-hub-SNATPortUtilization',
      alertRuleId: RULE.replace('Microsoft.Insights', 'microsoft.insights'),
      severity: 'Sev1',
      signalType: 'Metric',
      monitoringService: 'Platform',
      alertTargetIDs: [FIREWALL.toLowerCase()],
      configurationItems: ['fw-hub'],
      firedDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
    });
    expect(at(body, 'data', 'alertContext', 'condition', 'allOf', 0)).toMatchObject({
      operator: 'GreaterThan',
      threshold: '80',
      metricValue: Number(((100 * 13_000) / 14_976).toFixed(3)),
    });
    expect(webhook.received[0]?.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('says which protocol where the rule splits by it, and passes custom properties on', async () => {
    const actions = [{ actionGroupId: ACTION_GROUP, webHookProperties: { team: 'network' } }];
    await given(rule({ customProperties: { runbook: 'snat' }, actions }));
    snat({ TCP: 13_000, UDP: 14_000 });
    await azure.pass(20 * MINUTE);
    expect(
      webhook.received.map(({ body }) =>
        at(body as Json, 'data', 'alertContext', 'condition', 'allOf', 0, 'dimensions'),
      ),
    ).toEqual([[{ name: 'Protocol', value: 'TCP' }], [{ name: 'Protocol', value: 'UDP' }]]);
    expect(new Set(alertIds()).size).toBe(2);
    const data = at(webhook.received[0]?.body as Json, 'data');
    expect(at(data, 'customProperties')).toEqual({ runbook: 'snat' });
    expect(at(data, 'alertContext', 'properties')).toEqual({ team: 'network' });
  });

  it('averages a busy protocol with an idle one where the rule does not split', async () => {
    await given(rule({}, { dimensions: [] }));
    snat({ TCP: 14_000, UDP: 100 });
    await azure.pass(30 * MINUTE);
    expect(webhook.received).toHaveLength(0);
  });

  it('is resolved by an address more', async () => {
    await given();
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(20 * MINUTE);
    azure.put(hub('publicIPAddresses/pip-4'), publicAddress());
    await azure.pass(MINUTE);
    put(FIREWALL, firewall(4));
    await azure.pass(30 * MINUTE);
    expect(conditions()).toEqual(['Fired', 'Resolved']);
  });

  it('is silent where nothing is known', async () => {
    await given(rule({}, { operator: 'LessThan', threshold: 5, dimensions: [] }));
    webhook.received.length = 0;
    azure.simulation.changeTraffic({
      firewalls: { [FIREWALL]: { metricsMissing: true, snatPortsInUse: { TCP: 1, UDP: null } } },
    });
    await azure.pass(60 * MINUTE);
    expect(webhook.received).toHaveLength(0);
  });

  it('goes on after a restart in the middle of its checks', async () => {
    azure.close();
    const database = join(mkdtempSync(join(tmpdir(), 'hubkeeper-alerts-')), 'azure.sqlite');
    azure = new Azure(database);
    await given();
    snat({ TCP: 13_000 });
    await azure.pass(5 * MINUTE);
    azure.close();
    azure = new Azure(database);
    await azure.pass(20 * MINUTE);
    expect(conditions()).toEqual(['Fired']);
    snat({ TCP: 100 });
    await azure.pass(6 * MINUTE);
    azure.close();
    azure = new Azure(database);
    await azure.pass(20 * MINUTE);
    expect(conditions()).toEqual(['Fired', 'Resolved']);
    expect(new Set(alertIds()).size).toBe(1);
  });

  it('wakes nobody while nothing changes', async () => {
    await given();
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(60 * MINUTE);
    expect(azure.simulation.clockKeeper.clock.nextDueMs()).toBeNull();
    await azure.pass(7 * 24 * 60 * MINUTE);
    snat({ TCP: 100, UDP: 100 });
    await azure.pass(60 * MINUTE);
    expect(conditions()).toEqual(['Fired', 'Resolved']);
  });

  it.each([
    ['the rule is disabled', () => put(RULE, rule({ enabled: false }))],
    ['the rule is gone', () => void azure.delete(RULE)],
  ])('does not fire when %s', async (_name, act) => {
    await given();
    act();
    snat({ TCP: 13_000 });
    await azure.pass(60 * MINUTE);
    expect(webhook.received).toHaveLength(0);
  });
});

describe('a stateless metric alert', () => {
  it('fires again and again with a new id, and never resolves', async () => {
    await given(rule({ autoMitigate: false }));
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(60 * MINUTE);
    expect(webhook.received.length).toBeGreaterThan(8);
    expect(new Set(conditions())).toEqual(new Set(['Fired']));
    expect(new Set(alertIds()).size).toBe(webhook.received.length);
    snat({ TCP: 100, UDP: 100 });
    await azure.pass(20 * MINUTE);
    const count = webhook.received.length;
    await azure.pass(60 * MINUTE);
    expect(webhook.received).toHaveLength(count);
  });
});

describe('a rule over several resources or criteria', () => {
  const all = 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria';

  it('covers the firewalls of a resource group', async () => {
    const target = { targetResourceType: 'Microsoft.Network/azureFirewalls', targetResourceRegion: 'West Europe' };
    const criteria = { ...(rule().properties as { criteria: JsonObject }).criteria, 'odata.type': all };
    await given(rule({ scopes: [GROUP], criteria, ...target }));
    snat({ TCP: 13_000 });
    await azure.pass(20 * MINUTE);
    const context = at(webhook.received[0]?.body as Json, 'data', 'alertContext');
    expect(at(context, 'conditionType')).toBe('MultipleResourceMultipleMetricCriteria');
    expect(conditions()).toEqual(['Fired']);
  });

  it('fires when all criteria are met', async () => {
    const [snatOnly] = at(rule(), 'properties', 'criteria', 'allOf') as readonly JsonObject[];
    const tcp = { ...snatOnly, dimensions: [{ name: 'Protocol', operator: 'Include', values: ['TCP'] }] };
    const capacity = { ...snatOnly, name: 'capacity', metricName: 'ObservedCapacity', threshold: 3, dimensions: [] };
    const type = 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria';
    await given(rule({ criteria: { 'odata.type': type, allOf: [tcp, capacity] } }));
    snat({ TCP: 26_000 });
    await azure.pass(20 * MINUTE);
    expect(webhook.received).toHaveLength(0);
    azure.simulation.changeTraffic({ firewalls: { [FIREWALL]: { busyInstances: 2.4 } } });
    await azure.pass(30 * MINUTE);
    expect(conditions()).toEqual(['Fired']);
    expect(at(webhook.received[0]?.body as Json, 'data', 'alertContext', 'condition', 'allOf')).toHaveLength(2);
  });
});

describe('the calls of an action group', () => {
  async function fire(): Promise<void> {
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(30 * MINUTE);
  }

  it.each([408, 429, 503, 504])(
    'are repeated five times after %i, then the endpoint has 15 minutes of rest',
    async (status) => {
      await given();
      webhook.answers = [status, status, status, status, status, status];
      await fire();
      const [call] = calls();
      const times = (at(call, 'attempts') as readonly Json[]).map((attempt) => Date.parse(String(at(attempt, 'at'))));
      expect(times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / 1000)).toEqual([5, 20, 5, 40, 5]);
      expect(states()).toEqual(['given-up']);
    },
  );

  it('leave an endpoint alone that failed, and call it again after 15 minutes', async () => {
    await given(rule({ autoMitigate: false }));
    webhook.answers = [503, 503, 503, 503, 503, 503];
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(40 * MINUTE);
    expect(states().slice(0, 2)).toEqual(['given-up', 'blocked']);
    expect(states().at(-1)).toBe('delivered');
    const last = webhook.received.length;
    expect(last).toBeGreaterThan(6);
    const times = calls().map((call) => Date.parse(String(at(call, 'attempts', 0, 'at'))));
    const [first = 0, ...later] = times.filter((time) => !Number.isNaN(time));
    expect(Math.min(...later) - first).toBeGreaterThanOrEqual((15 * 60 + 75) * 1000);
  });

  it.each([400, 401, 404, 500, 502])('are not repeated after %i', async (status) => {
    await given();
    webhook.answers = [status];
    await fire();
    expect(webhook.received).toHaveLength(1);
    expect(states()).toEqual(['refused']);
  });

  it('are repeated where nobody listens', async () => {
    const serviceUri = webhook.url;
    await given(rule(), { webhookReceivers: [{ name: 'nobody', serviceUri, useCommonAlertSchema: true }] });
    await webhook.stop();
    await fire();
    expect(states()).toEqual(['given-up']);
    expect((at(calls()[0], 'attempts') as readonly Json[]).map((attempt) => at(attempt, 'answer'))).toEqual(
      Array.from({ length: 6 }, () => 'ECONNREFUSED'),
    );
    webhook = new Webhook();
    await webhook.start();
  });

  it('go to functions with their key, which nobody sees elsewhere', async () => {
    const site =
      '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Web/sites/hk';
    await given(rule(), {
      azureFunctionReceivers: [
        {
          name: 'function',
          functionAppResourceId: site,
          functionName: 'alerts',
          httpTriggerUrl: `${webhook.url}?code=secret-key`,
          useCommonAlertSchema: true,
        },
      ],
    });
    await fire();
    expect(webhook.received.map(({ url }) => url)).toEqual(['/api/alerts?code=secret-key']);
    expect(JSON.stringify(azure.simulation.alerts())).not.toContain('secret-key');
  });

  it('have the older schema where the receiver does not ask for the common one', async () => {
    await given(rule(), { webhookReceivers: [{ name: 'old', serviceUri: webhook.url }] });
    await fire();
    expect(at(webhook.received[0]?.body as Json, 'schemaId')).toBe('AzureMonitorMetricAlert');
    expect(at(webhook.received[0]?.body as Json, 'data', 'status')).toBe('Activated');
    expect(at(webhook.received[0]?.body as Json, 'data', 'context', 'severity')).toBe('1');
  });

  it('carry a token of the tenant to secure webhooks', async () => {
    await given(rule(), {
      webhookReceivers: [
        {
          name: 'secure',
          serviceUri: webhook.url,
          useCommonAlertSchema: true,
          useAadAuth: true,
          objectId: '3b1f5f5e-7d0e-4f43-8a35-9a1c2b3d4e5f',
          identifierUri: 'api://hubkeeper',
          tenantId: TENANT_ID,
        },
      ],
    });
    await fire();
    const [header = '', payload = '', signature = ''] = (webhook.received[0]?.headers.authorization ?? '')
      .replace('Bearer ', '')
      .split('.');
    const key = at(tokens.keySet(), 'keys', 0) as JsonWebKey;
    const publicKey = createPublicKey({ key, format: 'jwk' });
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).toMatchObject({
      aud: 'api://hubkeeper',
      iss: `https://sts.windows.net/${TENANT_ID}/`,
      tid: TENANT_ID,
      appid: '461e8683-5575-4561-ac7f-899cc907d62a',
      roles: ['ActionGroupsSecureWebhook'],
    });
    // A token for a webhook opens nothing at ARM.
    expect(tokens.judge(webhook.received[0]?.headers.authorization).valid).toBe(false);
  });

  it.each([
    ['the group is disabled', () => put(ACTION_GROUP, receivers({ enabled: false }))],
    ['the group is gone', () => void azure.delete(ACTION_GROUP)],
    [
      'alerts are muted',
      () => azure.simulation.settings.set('alerts', { duplicate: 0, reorder: false, reorderSeconds: 0, muted: true }),
    ],
  ])('are not made when %s, though the alert fires', async (_name, act) => {
    await given();
    act();
    await fire();
    expect(webhook.received).toHaveLength(0);
    expect(at(azure.simulation.alerts(), 'alerts', 0, 'unsent')).toBeDefined();
  });

  it('come several times over, and overtake one another, where that is switched on', async () => {
    await given();
    azure.simulation.settings.set('alerts', { duplicate: 29, reorder: true, reorderSeconds: 3_600, muted: false });
    snat({ TCP: 13_000, UDP: 100 });
    await azure.pass(15 * MINUTE);
    snat({ TCP: 100, UDP: 100 });
    await azure.pass(120 * MINUTE);
    expect(webhook.received).toHaveLength(60);
    expect(new Set(alertIds()).size).toBe(1);
    expect(conditions().lastIndexOf('Fired')).toBeGreaterThan(conditions().indexOf('Resolved'));
  });
});
