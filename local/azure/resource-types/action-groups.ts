import type { ArmError } from '../arm-error.ts';
import { REGIONS } from '../catalogue.ts';
import type { JsonObject } from '../json.ts';
import { ACTION_GROUPS } from '../monitoring/receivers.ts';
import type { ResourceType } from '../resource-type.ts';
import { flagAt, objectAt, objectsAt, textAt, valueAt, withoutNulls } from './support/fields.ts';
import { firstError, firstOf } from './support/network-errors.ts';

/** Receivers by the name of their list, with what each of them must have. */
const RECEIVERS: Readonly<Record<string, readonly string[]>> = {
  emailReceivers: ['emailAddress'],
  smsReceivers: ['countryCode', 'phoneNumber'],
  webhookReceivers: ['serviceUri'],
  itsmReceivers: ['workspaceId', 'connectionId', 'ticketConfiguration', 'region'],
  azureAppPushReceivers: ['emailAddress'],
  automationRunbookReceivers: ['automationAccountId', 'runbookName', 'webhookResourceId'],
  voiceReceivers: ['countryCode', 'phoneNumber'],
  logicAppReceivers: ['resourceId', 'callbackUrl'],
  azureFunctionReceivers: ['functionAppResourceId', 'functionName', 'httpTriggerUrl'],
  armRoleReceivers: ['roleId'],
  eventHubReceivers: ['eventHubNameSpace', 'eventHubName', 'subscriptionId'],
  incidentReceivers: [],
};

/** Receivers that know no common schema. */
const WITHOUT_SCHEMA: readonly string[] = [
  'smsReceivers',
  'itsmReceivers',
  'azureAppPushReceivers',
  'voiceReceivers',
  'incidentReceivers',
];

/** Microsoft documents 10 webhooks, functions, logic apps, runbooks, event hubs, SMS and voice receivers; more emails. */
const MOST_RECEIVERS = 10;
const MOST_EMAILS = 1_000;
const LONGEST_SHORT_NAME = 12;

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Action groups: done at once. Each list of receivers is shown, empty ones too. */
export const actionGroups: ResourceType = {
  type: ACTION_GROUPS,
  apiVersions: ['2021-09-01', '2022-06-01', '2023-01-01', '2024-10-01-preview'],
  scope: 'resourceGroup',
  tracked: true,
  locations: ['global', ...REGIONS],
  namePattern: /^(?!.*[. ]$)[^/&%?\\]{1,260}$/,
  etag: 'none',
  provisioningState: false,
  patch: 'merge',
  locks: (target) => [{ id: target.id.id, mode: 'exclusive' }],
  validate(write) {
    const properties = objectAt(write.body, 'properties');
    return firstError(
      () => validateNames(properties),
      () => firstOf(Object.keys(RECEIVERS), (list) => validateList(properties, list)),
      () => firstOf(objectsAt(properties, 'webhookReceivers'), validateWebhook),
      () => firstOf(objectsAt(properties, 'azureFunctionReceivers'), validateFunction),
    );
  },
  store(write) {
    const properties = objectAt(withoutNulls(objectAt(write.body, 'properties')));
    const lists = Object.keys(RECEIVERS).map((list) => [
      list,
      objectsAt(properties, list).map((one) => receiver(list, one)),
    ]);
    return { body: { properties: { ...properties, ...Object.fromEntries(lists) } } };
  },
};

function receiver(list: string, given: JsonObject): JsonObject {
  return {
    ...given,
    ...(WITHOUT_SCHEMA.includes(list) ? {} : { useCommonAlertSchema: flagAt(given, 'useCommonAlertSchema') }),
    ...(list === 'webhookReceivers' ? { useAadAuth: flagAt(given, 'useAadAuth') } : {}),
    ...(['emailReceivers', 'smsReceivers'].includes(list) ? { status: 'Enabled' } : {}),
  };
}

function badRequest(message: string): ArmError {
  return { status: 400, code: 'BadRequest', message };
}

function validateNames(properties: JsonObject): ArmError | null {
  const shortName = textAt(properties, 'groupShortName') ?? '';
  if (shortName.length < 1 || shortName.length > LONGEST_SHORT_NAME) {
    return badRequest(`The groupShortName must have from 1 to ${LONGEST_SHORT_NAME} characters.`);
  }
  if (typeof valueAt(properties, 'enabled') !== 'boolean') {
    return badRequest("Required property 'enabled' not found in JSON. Path 'properties'.");
  }
  const names = Object.keys(RECEIVERS).flatMap((list) =>
    objectsAt(properties, list).map((one) => (textAt(one, 'name') ?? '').toLowerCase()),
  );
  if (names.includes('')) return badRequest('Each receiver must have a name.');
  return new Set(names).size < names.length
    ? badRequest('Receiver names must be unique within an action group.')
    : null;
}

function validateList(properties: JsonObject, list: string): ArmError | null {
  const receivers = objectsAt(properties, list);
  const most = list === 'emailReceivers' ? MOST_EMAILS : MOST_RECEIVERS;
  if (receivers.length > most) return badRequest(`An action group cannot have more than ${most} ${list}.`);
  return firstOf(receivers, (one) => {
    const missing = (RECEIVERS[list] ?? []).find((name) => textAt(one, name) === undefined);
    return missing === undefined
      ? null
      : badRequest(`Required property '${missing}' not found in JSON. Path 'properties.${list}'.`);
  });
}

function validateWebhook(webhook: JsonObject): ArmError | null {
  const name = textAt(webhook, 'name');
  if (!isWebAddress(textAt(webhook, 'serviceUri'))) {
    return badRequest(`The serviceUri of webhook receiver '${name}' is not a valid http or https address.`);
  }
  if (!flagAt(webhook, 'useAadAuth')) return null;
  if (!GUID.test(textAt(webhook, 'objectId') ?? '')) {
    return badRequest(`The objectId of secure webhook receiver '${name}' must be the object id of an application.`);
  }
  if ((textAt(webhook, 'identifierUri') ?? '') === '') {
    return badRequest(`The identifierUri of secure webhook receiver '${name}' must be specified.`);
  }
  const tenant = textAt(webhook, 'tenantId');
  return tenant === undefined || GUID.test(tenant)
    ? null
    : badRequest(`The tenantId of secure webhook receiver '${name}' is not valid.`);
}

function validateFunction(receiver: JsonObject): ArmError | null {
  const name = textAt(receiver, 'name');
  const app = textAt(receiver, 'functionAppResourceId') ?? '';
  if (!/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Web\/sites\/[^/]+$/i.test(app)) {
    return badRequest(`The functionAppResourceId of receiver '${name}' is not the id of a function app.`);
  }
  return isWebAddress(textAt(receiver, 'httpTriggerUrl'))
    ? null
    : badRequest(`The httpTriggerUrl of receiver '${name}' is not a valid address.`);
}

function isWebAddress(text: string | undefined): boolean {
  return text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text);
}
