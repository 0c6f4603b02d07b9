import { createTokenCheck, type TokenCheck } from '../lib/api/entra-token.ts';
import { createArm } from '../lib/azure/arm.ts';
import { createCredential } from '../lib/azure/credential.ts';
import { fetchEntraKeys } from '../lib/azure/entra-keys.ts';
import { createEventPublisher } from '../lib/azure/event-publisher.ts';
import { createFirewallMetrics } from '../lib/azure/metrics.ts';
import { createNetworkUsages } from '../lib/azure/network-usages.ts';
import { createOwnIdentity, type OwnIdentity } from '../lib/azure/own-identity.ts';
import type { Dependencies } from '../lib/dependencies.ts';
import { createDriftIsOff, type DriftIsOff } from '../lib/reactions/drift/drift-mode.ts';
import { readSettings, type Settings } from '../lib/settings.ts';
import { type AlertStore, createAlertStore } from '../lib/state/alert-store.ts';
import { createAzureStorage } from '../lib/state/azure-storage.ts';
import { createBaselineStore } from '../lib/state/baseline-store.ts';
import { createDriftRecordStore } from '../lib/state/drift-record-store.ts';
import { createJournal } from '../lib/state/journal.ts';
import { createKeptReadsStore } from '../lib/state/kept-reads-store.ts';
import { createLedgerStore } from '../lib/state/ledger-store.ts';
import { createReadRotationStore } from '../lib/state/read-rotation-store.ts';
import { createRunStore } from '../lib/state/run-store.ts';
import { createSharedLaneStore } from '../lib/state/shared-lane-store.ts';
import type { DocumentStore } from '../lib/state/storage.ts';
import { createTimeSource, type TimeSource } from '../lib/time.ts';

/** What the triggers need beyond the orchestrations. */
export interface App extends Dependencies {
  readonly time: TimeSource;
  readonly documents: DocumentStore;
  readonly alerts: AlertStore;
  /** Judges tokens of secure webhooks; absent: none are taken. */
  readonly alertTokens: TokenCheck | undefined;
  /** Who the app is to Azure Resource Manager. */
  readonly ownIdentity: OwnIdentity;
  readonly driftIsOff: DriftIsOff;
}

/**
 * Makes the app's clients from its settings. Nothing is called and no heavy SDK is loaded before the first use.
 * @throws ProblemError when the settings are not usable.
 */
export function createApp(environment: Readonly<Record<string, string | undefined>>): App {
  const settings = readSettings(environment);
  const credential = createCredential(settings.managedIdentityClientId);
  const storage = createAzureStorage({
    blobServiceUrl: settings.blobServiceUrl,
    tableServiceUrl: settings.tableServiceUrl,
    container: settings.stateContainer,
    credential,
  });
  const baselines = createBaselineStore(storage.documents);
  return {
    settings,
    arm: createArm({ endpoint: settings.armEndpoint, tokenScope: settings.armTokenScope, credential }),
    baselines,
    ledger: createLedgerStore(storage.tables),
    journal: createJournal(storage.tables),
    runs: createRunStore(storage.documents),
    lanes: createSharedLaneStore(storage.documents),
    keptReads: createKeptReadsStore(storage.documents),
    drift: createDriftRecordStore(storage.documents),
    rotation: createReadRotationStore(storage.documents),
    documents: storage.documents,
    networkUsages: createNetworkUsages(settings.armEndpoint, settings.armTokenScope, credential),
    metrics: createFirewallMetrics({
      endpoint: settings.metricsEndpoint,
      tokenScope: settings.metricsTokenScope,
      credential,
    }),
    events: createEventPublisher({ topicEndpoint: settings.eventTopicEndpoint, credential }),
    time: createTimeSource(settings.timeUrl),
    alerts: createAlertStore(storage.tables),
    alertTokens: alertTokenCheck(settings),
    ownIdentity: createOwnIdentity({ credential, tokenScope: settings.armTokenScope }),
    driftIsOff: createDriftIsOff({ baselines }),
  };
}

/** The life of tokens is wall time, whatever clock the rest goes by. */
function alertTokenCheck(settings: Settings): TokenCheck | undefined {
  const { alertTokenAudiences, alertTokenTenantId, alertTokenCallerAppId, alertTokenRole, entraEndpoint } = settings;
  if (alertTokenAudiences.length === 0 || alertTokenTenantId === undefined) return undefined;
  return createTokenCheck(
    {
      audiences: alertTokenAudiences,
      tenantId: alertTokenTenantId,
      callerAppId: alertTokenCallerAppId,
      role: alertTokenRole,
      authority: entraEndpoint,
    },
    { now: () => new Date(), fetchKeys: fetchEntraKeys },
  );
}
