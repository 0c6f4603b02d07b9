import type { BaselineDriftBody } from '../../lib/api/drift.ts';
import type { JournalEntry } from '../../lib/api/journal.ts';
import { sampleSpec } from './baseline-scenario.ts';
import { BASELINE, patiently } from './crash-run.ts';
import type { TestEnvironment } from './environment.ts';
import type { JsonResponse } from './http-json.ts';

type Body = Record<string, unknown> & {
  tags?: Record<string, string>;
  readonly properties: Record<string, unknown> & {
    readonly securityRules: { readonly properties: Record<string, unknown> }[];
    readonly routes: { readonly properties: Record<string, unknown> }[];
  };
};

/** One change of the sample behind its back. */
export interface ColleaguesChange {
  /** End of the resource's id, in lower case. */
  readonly resource: string;
  readonly apiVersion: string;
  /** What must become of it. */
  readonly fate: 'putRight' | 'approved' | 'reported';
  readonly edit: ((body: Body) => void) | 'delete';
}

const NETWORK = '2025-05-01';
const DNS = '2024-06-01';
const DIAGNOSTICS = '2021-05-01-preview';

/** Changes of many kinds: the second list is made while what the first has caused is put right. */
export const COLLEAGUES_CHANGES: readonly (readonly ColleaguesChange[])[] = [
  [
    {
      resource: '/networksecuritygroups/nsg-vnet-spoke-bu0001a0008-snet-privatelinkendpoints',
      apiVersion: NETWORK,
      fate: 'putRight',
      edit: ({ properties }) => {
        for (const rule of properties.securityRules.slice(0, 1)) rule.properties.priority = 333;
      },
    },
    {
      resource: '/routetables/route-spoke-bu0001a0008-to-westeurope-hub-fw',
      apiVersion: NETWORK,
      fate: 'putRight',
      edit: ({ properties }) => {
        for (const route of properties.routes.slice(0, 1)) route.properties.nextHopIpAddress = '10.240.0.9';
      },
    },
    {
      resource: '/privatednszones/privatelink.azurecr.io',
      apiVersion: DNS,
      fate: 'reported',
      edit: (body) => {
        body.tags = { ...body.tags, businessUnit: 'BU9999' };
      },
    },
    {
      resource: '/privatednszones/privatelink.vaultcore.azure.net/virtualnetworklinks/to-hub',
      apiVersion: DNS,
      fate: 'approved',
      edit: 'delete',
    },
  ],
  [
    {
      resource: '/virtualnetworkpeerings/spoke-bu0001a0008-to-hub',
      apiVersion: NETWORK,
      fate: 'putRight',
      edit: ({ properties }) => {
        properties.allowForwardedTraffic = false;
      },
    },
    {
      resource: '/bastionhosts/ab-westeurope/providers/microsoft.insights/diagnosticsettings/hubkeeper',
      apiVersion: DIAGNOSTICS,
      fate: 'putRight',
      edit: ({ properties }) => {
        properties.logs = [{ categoryGroup: 'allLogs', enabled: false }];
      },
    },
    {
      resource: '/publicipaddresses/pip-fw-westeurope-00',
      apiVersion: NETWORK,
      fate: 'putRight',
      edit: ({ properties }) => {
        properties.idleTimeoutInMinutes = 30;
      },
    },
    {
      resource: '/firewallpolicies/fw-policies-westeurope',
      apiVersion: NETWORK,
      fate: 'approved',
      edit: ({ properties }) => {
        properties.threatIntelMode = 'Off';
      },
    },
  ],
];

/** A zone that nothing else in the sample needs. */
const SPARE_ZONE = '    - name: privatelink.westeurope.azmk8s.io\n';

/** The sample, in which drift is put right, asked about or only told; perhaps without one of its zones. */
export function driftingSpec({
  mode = 'no-delete',
  withoutZone = false,
}: {
  readonly mode?: string;
  readonly withoutZone?: boolean;
} = {}): string {
  const policies = [
    '{ kind: firewallPolicy, path: properties.threatIntelMode, policy: approve }',
    '{ kind: privateDnsZone, path: tags, policy: report }',
  ];
  const section = ['drift:', '  mode: act', '  policies:', ...policies.map((policy) => `    - ${policy}`)].join('\n');
  return sampleSpec()
    .replace('drift:\n  mode: observe', section)
    .replace('mode: no-delete', `mode: ${mode}`)
    .replace(withoutZone ? SPARE_ZONE : '', '');
}

/**
 * A colleague makes a change over ARM; false: something is under way there. Made again it changes nothing, so that an
 * answer may get lost.
 */
export async function makeChange(environment: TestEnvironment, change: ColleaguesChange): Promise<boolean> {
  const { resource, apiVersion, edit } = change;
  const { body: state } = await patiently('the resources are shown', () =>
    environment.sim<{ resources: readonly { readonly id: string }[] }>('GET', 'state'),
  );
  const id = state.resources.map((one) => one.id).find((one) => one.toLowerCase().endsWith(resource));
  if (id === undefined) {
    if (edit === 'delete') return true;
    throw new Error(`There is no ${resource}.`);
  }
  const call = (method: string, body?: unknown) =>
    patiently(`${method} ${id}`, () =>
      environment.armAs<Body>('colleague', method, `${id}?api-version=${apiVersion}`, body),
    );
  if (edit === 'delete') return isAccepted(await call('DELETE'));
  const { body } = await call('GET');
  edit(body);
  return isAccepted(await call('PUT', body));
}

function isAccepted({ status, body }: JsonResponse<unknown>): boolean {
  if (status < 300) return true;
  const text = JSON.stringify(body);
  if (/AnotherOperationInProgress|RetryableError|ReferencedResourceNotProvisioned/.test(text)) return false;
  throw new Error(`A colleague's change was refused: ${status} ${text}`);
}

/** What is known of the drift of the sample, and which of the changes the journal has told of as found since then. */
export async function driftSeen(
  environment: TestEnvironment,
  sinceIso: string,
): Promise<{ readonly drift: BaselineDriftBody | undefined; readonly told: readonly ColleaguesChange[] }> {
  const { body } = await patiently('the baseline is shown', () =>
    environment.api<{ drift?: BaselineDriftBody }>('GET', `/api/baselines/${BASELINE}`),
  );
  const { body: page } = await patiently('the journal is shown', () =>
    environment.api<{ entries: readonly JournalEntry[] }>('GET', `/api/journal?baseline=${BASELINE}&since=${sinceIso}`),
  );
  const found = page.entries.filter(({ decision }) => decision === 'drift found');
  const told = COLLEAGUES_CHANGES.flat().filter(({ resource: end }) =>
    found.some(({ resource }) => (resource ?? '').toLowerCase().endsWith(end)),
  );
  return { drift: body.drift, told };
}

/** How many drifts are known in each state, as text. */
export function statesOf(drift: BaselineDriftBody | undefined): string {
  return (drift?.drifts ?? [])
    .map(({ state }) => state)
    .sort()
    .join(' ');
}
