import { describe, expect } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { at, GROUP } from './harness.ts';
import { accepts, refuses } from './rules.ts';

const ID = `${GROUP}/providers/Microsoft.Insights/actionGroups/ag-hub`;
const APP = `${GROUP}/providers/Microsoft.Web/sites/hubkeeper`;

function group(properties: JsonObject = {}): JsonObject {
  return { location: 'Global', properties: { groupShortName: 'hub', enabled: true, ...properties } };
}

const webhook = (more: JsonObject = {}): JsonObject => ({
  name: 'hook',
  serviceUri: 'https://example.com/alerts',
  ...more,
});
const secure = (more: JsonObject = {}): JsonObject =>
  webhook({
    useAadAuth: true,
    objectId: '3b1f5f5e-7d0e-4f43-8a35-9a1c2b3d4e5f',
    identifierUri: 'api://hubkeeper',
    ...more,
  });
const withWebhook = (one: JsonObject): JsonObject => group({ webhookReceivers: [one] });
const withFunction = (more: JsonObject): JsonObject =>
  group({
    azureFunctionReceivers: [
      {
        name: 'function',
        functionAppResourceId: APP,
        functionName: 'alerts',
        httpTriggerUrl: 'https://example.com/api/alerts?code=key',
        ...more,
      },
    ],
  });

const BAD = { id: ID, code: 'BadRequest' } as const;

describe('action groups', () => {
  refuses([
    { ...BAD, name: 'a short name of 13 characters', body: group({ groupShortName: 'thirteenchars' }) },
    { ...BAD, name: 'no short name', body: group({ groupShortName: null }) },
    { ...BAD, name: 'a group that is neither enabled nor disabled', body: group({ enabled: null }) },
    {
      ...BAD,
      name: 'two receivers of one name',
      body: group({ webhookReceivers: [webhook(), webhook({ name: 'HOOK' })] }),
    },
    { ...BAD, name: 'an address that is none', body: withWebhook(webhook({ serviceUri: 'ftp://example.com' })) },
    { ...BAD, name: 'a webhook without address', body: withWebhook({ name: 'hook' }) },
    { ...BAD, name: 'a secure webhook without application', body: withWebhook(secure({ objectId: null })) },
    { ...BAD, name: 'a secure webhook without audience', body: withWebhook(secure({ identifierUri: null })) },
    { ...BAD, name: 'a tenant that is none', body: withWebhook(secure({ tenantId: 'mine' })) },
    { ...BAD, name: 'a function of no function app', body: withFunction({ functionAppResourceId: GROUP }) },
    { ...BAD, name: 'a function without its name', body: withFunction({ functionName: null }) },
    {
      ...BAD,
      name: 'eleven webhooks',
      body: group({ webhookReceivers: Array.from({ length: 11 }, (_, index) => webhook({ name: `hook-${index}` })) }),
    },
  ]);

  accepts([
    {
      name: 'a group with a webhook, and shows every list of receivers',
      id: ID,
      body: withWebhook(secure({ useCommonAlertSchema: true })),
      after: (azure) => {
        const { body } = azure.get(ID);
        expect(at(body, 'properties', 'emailReceivers')).toEqual([]);
        expect(at(body, 'properties', 'webhookReceivers', 0)).toMatchObject({
          useCommonAlertSchema: true,
          useAadAuth: true,
        });
        expect(body).toMatchObject({ location: 'global', name: 'ag-hub' });
      },
    },
    {
      name: 'a function, for which the common schema is off unless asked for',
      id: ID,
      body: withFunction({}),
      after: (azure) =>
        expect(at(azure.get(ID).body, 'properties', 'azureFunctionReceivers', 0, 'useCommonAlertSchema')).toBe(false),
    },
  ]);
});
