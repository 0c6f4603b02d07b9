import type { Arm } from './azure/arm.ts';
import type { EventPublisher } from './azure/event-publisher.ts';
import type { FirewallMetrics } from './azure/metrics.ts';
import type { NetworkUsage } from './azure/network-usages.ts';
import type { Settings } from './settings.ts';
import type { BaselineStore } from './state/baseline-store.ts';
import type { DriftRecordStore } from './state/drift-record-store.ts';
import type { Journal } from './state/journal.ts';
import type { KeptReadsStore } from './state/kept-reads-store.ts';
import type { LedgerStore } from './state/ledger-store.ts';
import type { ReadRotationStore } from './state/read-rotation-store.ts';
import type { RunStore } from './state/run-store.ts';
import type { SharedLaneStore } from './state/shared-lane-store.ts';

/** Everything that touches the world, made once by the entry point and passed in. */
export interface Dependencies {
  readonly settings: Settings;
  readonly arm: Arm;
  readonly baselines: BaselineStore;
  readonly ledger: LedgerStore;
  readonly journal: Journal;
  readonly runs: RunStore;
  readonly lanes: SharedLaneStore;
  readonly metrics: FirewallMetrics;
  readonly events: EventPublisher;
  readonly keptReads: KeptReadsStore;
  readonly drift: DriftRecordStore;
  readonly rotation: ReadRotationStore;
  /** Usage and limits of the network provider in one region of a subscription. */
  readonly networkUsages: (subscriptionId: string, location: string) => Promise<readonly NetworkUsage[]>;
}
