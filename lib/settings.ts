import * as z from 'zod';
import { ProblemError } from './problem.ts';

/** One row of the table of settings. The sample file, the README's table and the validation are made from it. */
interface SettingRow<Schema extends z.ZodType> {
  /** Name of the app setting, as in the environment. */
  readonly name: string;
  readonly meaning: string;
  /** Value for `local.settings.sample.json`; absent: the setting is left out there. */
  readonly sample?: string;
  readonly schema: Schema;
}

/** Outcomes of one turn's starts travel as one payload below 64 KB; one with an operation URL has up to 5 KB. */
export const MOST_STARTS_PER_TURN = 12;

const httpUrl = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const httpsUrl = z.url({ protocol: /^https$/ }).transform((text) => text.replace(/\/+$/, ''));
/** Ids of Entra need not follow the versions of RFC 9562. */
const guid = z.guid();
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const ncrontab = z.string().regex(/^\S+( \S+){4,5}$/, 'an NCRONTAB expression of five or six fields');

function row<Schema extends z.ZodType>(settingRow: SettingRow<Schema>): SettingRow<Schema> {
  return settingRow;
}

/** Every setting of the app. What is not in here is not read. */
export const settingTable = {
  blobServiceUrl: row({
    name: 'AzureWebJobsStorage__blobServiceUri',
    meaning: "Blob endpoint of the app's storage account; specs, baselines and operations are kept there.",
    sample: 'https://ACCOUNT.blob.core.windows.net',
    schema: httpsUrl,
  }),
  tableServiceUrl: row({
    name: 'AzureWebJobsStorage__tableServiceUri',
    meaning: "Table endpoint of the app's storage account; ledger and journal are kept there.",
    sample: 'https://ACCOUNT.table.core.windows.net',
    schema: httpsUrl,
  }),
  managedIdentityClientId: row({
    name: 'AZURE_CLIENT_ID',
    meaning: 'Client id of the user-assigned managed identity; empty for the system-assigned one.',
    sample: '',
    schema: z.union([z.uuid(), z.literal('').transform(() => undefined)]).optional(),
  }),
  armEndpoint: row({
    name: 'HUBKEEPER_ARM_ENDPOINT',
    meaning: 'Azure Resource Manager. Operation URLs are followed only on this host.',
    sample: 'https://management.azure.com',
    schema: httpsUrl.default('https://management.azure.com'),
  }),
  armTokenScope: row({
    name: 'HUBKEEPER_ARM_TOKEN_SCOPE',
    meaning: 'Scope of the tokens for Azure Resource Manager; another one in sovereign clouds.',
    sample: 'https://management.azure.com/.default',
    schema: z.string().min(1).default('https://management.azure.com/.default'),
  }),
  timeUrl: row({
    name: 'HUBKEEPER_TIME_URL',
    meaning:
      'Where the time of day is read, a GET answered with {"now": ISO time}; empty for the clock of the machine.',
    sample: '',
    schema: z.union([httpUrl, z.literal('').transform(() => undefined)]).optional(),
  }),
  stopped: row({
    name: 'HUBKEEPER_STOPPED',
    meaning: 'Stop switch that the app itself cannot change: while true no write is started.',
    sample: 'false',
    schema: flag.default(false),
  }),
  allowedScopes: row({
    name: 'HUBKEEPER_ALLOWED_SCOPES',
    meaning:
      'Comma-separated ARM ids (subscriptions, resource groups, resources) at or below which writes are allowed; empty: wherever the identity may.',
    sample: '',
    schema: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((scope) => scope.trim())
          .filter((scope) => scope !== ''),
      )
      .pipe(z.array(z.string().regex(/^\/subscriptions\/[^/]+/i, 'an ARM id that begins with /subscriptions/'))),
  }),
  stateContainer: row({
    name: 'HUBKEEPER_STATE_CONTAINER',
    meaning: 'Blob container of the documents.',
    sample: 'hubkeeper',
    schema: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62}$/)
      .default('hubkeeper'),
  }),
  reconcilerSchedule: row({
    name: 'HUBKEEPER_RECONCILER_SCHEDULE',
    meaning: 'NCRONTAB schedule on which dead reconcilers are restarted and what has waited long enough goes on.',
    sample: '0 * * * * *',
    schema: ncrontab.default('0 * * * * *'),
  }),
  egressSchedule: row({
    name: 'HUBKEEPER_EGRESS_SCHEDULE',
    meaning:
      'NCRONTAB schedule on which firewalls with added addresses are looked at, so that addresses go that are no longer needed.',
    sample: '0 */5 * * * *',
    schema: ncrontab.default('0 */5 * * * *'),
  }),
  driftSchedule: row({
    name: 'HUBKEEPER_DRIFT_SCHEDULE',
    meaning:
      'NCRONTAB schedule on which everything is compared with the specs in force, whatever events have come; at least hourly.',
    sample: '0 0 * * * *',
    schema: ncrontab.default('0 0 * * * *'),
  }),
  alertTokenAudiences: row({
    name: 'HUBKEEPER_ALERT_TOKEN_AUDIENCES',
    meaning:
      'Comma-separated audiences of tokens that a secure webhook sends: identifier URI and client id of the app registration. Empty: no token is taken, and alerts need the function key.',
    sample: '',
    schema: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((audience) => audience.trim())
          .filter((audience) => audience !== ''),
      ),
  }),
  alertTokenTenantId: row({
    name: 'HUBKEEPER_ALERT_TOKEN_TENANT_ID',
    meaning: 'Tenant whose tokens a secure webhook may send; needed with HUBKEEPER_ALERT_TOKEN_AUDIENCES.',
    sample: '',
    schema: z.union([guid, z.literal('').transform(() => undefined)]).optional(),
  }),
  alertTokenCallerAppId: row({
    name: 'HUBKEEPER_ALERT_TOKEN_CALLER_APP_ID',
    meaning: "App id of the only caller with a token; by default Microsoft's own for action groups (AzNS AAD Webhook).",
    sample: '461e8683-5575-4561-ac7f-899cc907d62a',
    schema: guid.default('461e8683-5575-4561-ac7f-899cc907d62a'),
  }),
  alertTokenRole: row({
    name: 'HUBKEEPER_ALERT_TOKEN_ROLE',
    meaning: 'App role that the caller with a token must have.',
    sample: 'ActionGroupsSecureWebhook',
    schema: z.string().min(1).default('ActionGroupsSecureWebhook'),
  }),
  entraEndpoint: row({
    name: 'HUBKEEPER_ENTRA_ENDPOINT',
    meaning: 'Microsoft Entra ID, where the keys that sign tokens are published; another one in sovereign clouds.',
    sample: 'https://login.microsoftonline.com',
    schema: httpsUrl.default('https://login.microsoftonline.com'),
  }),
  metricsEndpoint: row({
    name: 'HUBKEEPER_METRICS_ENDPOINT',
    meaning: 'Azure Monitor metrics; {location} stands for the region of the resource.',
    sample: 'https://{location}.metrics.monitor.azure.com',
    schema: z
      .string()
      .regex(/^https:\/\/[^\s/]+(?:\/\S*)?$/, 'an https URL, with or without {location}')
      .transform((text) => text.replace(/\/+$/, ''))
      .default('https://{location}.metrics.monitor.azure.com'),
  }),
  metricsTokenScope: row({
    name: 'HUBKEEPER_METRICS_TOKEN_SCOPE',
    meaning: 'Scope of the tokens for Azure Monitor metrics; another one in sovereign clouds.',
    sample: 'https://metrics.monitor.azure.com/.default',
    schema: z.string().min(1).default('https://metrics.monitor.azure.com/.default'),
  }),
  eventTopicEndpoint: row({
    name: 'HUBKEEPER_EVENT_TOPIC_ENDPOINT',
    meaning:
      'Event Grid topic (CloudEvents schema) that is told of addresses about to be used and of what reactions did; empty: nobody is told.',
    sample: '',
    schema: z.union([httpsUrl, z.literal('').transform(() => undefined)]).optional(),
  }),
  maximumStartsPerTurn: row({
    name: 'HUBKEEPER_MAXIMUM_STARTS_PER_TURN',
    meaning: `How many writes one turn of a reconciler starts at most: 1 to ${MOST_STARTS_PER_TURN}, since their answers have to fit into one message.`,
    sample: String(MOST_STARTS_PER_TURN),
    schema: z.coerce.number().int().min(1).max(MOST_STARTS_PER_TURN).default(MOST_STARTS_PER_TURN),
  }),
} as const;

type SettingTable = typeof settingTable;

/** The settings as the app uses them. */
export type Settings = { readonly [Key in keyof SettingTable]: z.output<SettingTable[Key]['schema']> };

/**
 * Reads every setting from an environment.
 * @throws ProblemError (operator) that names each wrong setting and what it should be.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const values: Record<string, unknown> = {};
  const complaints: string[] = [];
  for (const [key, { name, schema }] of Object.entries(settingTable)) {
    const result = schema.safeParse(environment[name]);
    if (result.success) values[key] = result.data;
    else complaints.push(`${name}: ${result.error.issues.map((issue) => issue.message).join('; ')}`);
  }
  if (complaints.length > 0) {
    throw new ProblemError({
      code: 'InvalidSetting',
      actor: 'operator',
      message: `The app's settings are not usable: ${complaints.join(' | ')}.`,
      remedy: 'Correct these app settings; local.settings.sample.json shows each with its meaning in the README.',
    });
  }
  return values as Settings;
}
