import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resourceTypes } from '../../../../local/azure/resource-types/all.ts';
import { createSimulatedAzure, type SimulatedAzure } from '../../../../local/azure/simulated-azure.ts';
import { FIREWALL, firewall, HUB, hubNetwork, POLICY, policy, publicAddress } from '../resource-types/fixtures.ts';
import { GROUP, hub } from '../resource-types/harness.ts';
import { send, type WireAnswer } from '../support/https-client.ts';
import { Webhook } from './webhook.ts';

const ACTION_GROUP = `${GROUP}/providers/Microsoft.Insights/actionGroups/ag-hub`;
const RULE = `${GROUP}/providers/Microsoft.Insights/metricAlerts/alert-snat`;

let directory: string;
let azure: SimulatedAzure;
let webhook: Webhook;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hubkeeper-alerts-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(async () => {
  azure = await createSimulatedAzure({ certificates: directory, resourceTypes, startMs: Date.UTC(2026, 0, 5) });
  webhook = new Webhook();
  await webhook.start();
});
afterEach(async () => {
  await azure.close();
  await webhook.stop();
});

function call(method: string, path: string, body?: unknown): Promise<WireAnswer> {
  const { caFile } = azure.certificates;
  return send(method, `${azure.armUrl}${path}`, { caFile, headers: { 'x-sim-principal': 'tester' }, body });
}

async function put(id: string, apiVersion: string, body: unknown): Promise<void> {
  const { status, body: answer } = await call('PUT', `${id}?api-version=${apiVersion}`, body);
  if (status >= 300) throw new Error(JSON.stringify(answer));
  await call('POST', '/_sim/clock', { advanceSeconds: 1_000 });
}

describe('alerts over HTTP', () => {
  it('are delivered within one step of the clock', async () => {
    await put(GROUP, '2025-04-01', { location: 'westeurope' });
    await put(HUB, '2025-09-01', hubNetwork());
    await put(POLICY, '2025-09-01', policy());
    await put(hub('publicIPAddresses/pip-1'), '2025-09-01', publicAddress());
    await put(FIREWALL, '2025-09-01', firewall(1));
    await put(ACTION_GROUP, '2024-10-01-preview', {
      location: 'Global',
      properties: {
        groupShortName: 'hub',
        enabled: true,
        webhookReceivers: [{ name: 'hook', serviceUri: webhook.url, useCommonAlertSchema: true }],
      },
    });
    await put(RULE, '2026-01-01', {
      location: 'global',
      properties: {
        severity: 1,
        enabled: true,
        scopes: [FIREWALL],
        evaluationFrequency: 'PT1M',
        windowSize: 'PT5M',
        criteria: {
          'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
          allOf: [
            {
              criterionType: 'StaticThresholdCriterion',
              name: 'snat',
              metricName: 'SNATPortUtilization',
              operator: 'GreaterThan',
              threshold: 80,
              timeAggregation: 'Average',
            },
          ],
        },
        actions: [{ actionGroupId: ACTION_GROUP }],
      },
    });
    webhook.answers = [503, 503];
    await call('PUT', '/_sim/traffic', { firewalls: { [FIREWALL]: { snatPortsInUse: { TCP: 4_900 } } } });
    await call('POST', '/_sim/clock', { advanceSeconds: 1_800 });
    const { body } = await call('GET', '/_sim/alerts');
    expect(webhook.received).toHaveLength(3);
    expect(body).toMatchObject({
      alerts: [{ rule: RULE, target: FIREWALL, condition: 'Fired', resolvedAt: null }],
      calls: [{ state: 'delivered', attempts: [{ answer: 503 }, { answer: 503 }, { answer: 202 }] }],
    });
  });

  it.each([
    ['traffic', { firewalls: { [FIREWALL]: { snatPortsInUse: { TCP: 'many' } } } }],
    ['traffic', { firewalls: { [FIREWALL]: { busyInstances: -1 } } }],
    ['alerts', { duplicate: -1 }],
    ['alerts', { reorder: 'yes' }],
    ['alerts', []],
  ])('refuse what is not understood of %s: %j', async (control, body) => {
    expect((await call('PUT', `/_sim/${control}`, body)).status).toBe(400);
  });

  it('are switched over HTTP', async () => {
    const { body } = await call('PUT', '/_sim/alerts', { duplicate: 3, muted: true });
    expect(body).toEqual({ duplicate: 3, reorder: false, reorderSeconds: 600, muted: true });
  });

  it.each([
    ['v2.0/.well-known/openid-configuration', 'v2.0/keys'],
    ['.well-known/openid-configuration', 'keys'],
  ])('can be told genuine by the keys that %s names', async (document, keys) => {
    const tenant = '72f9a1c0-4b0e-4d7a-9c55-0d3f6a1b2c10';
    const { body } = await call('GET', `/${tenant}/${document}`);
    const { jwks_uri: keysUrl } = body as { jwks_uri: string };
    expect(keysUrl).toBe(`${azure.armUrl}/${tenant}/discovery/${keys}`);
    const { body: set } = await send('GET', keysUrl, { caFile: azure.certificates.caFile });
    expect(set).toEqual({
      keys: [expect.objectContaining({ kty: 'RSA', use: 'sig', kid: 'simulation', alg: 'RS256' })],
    });
    expect(JSON.stringify(set)).not.toContain('"d"');
  });
});
