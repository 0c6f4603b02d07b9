import type { Dependencies } from '../../lib/dependencies.ts';
import { readSettings } from '../../lib/settings.ts';
import { createBaselineStore } from '../../lib/state/baseline-store.ts';
import { createDriftRecordStore } from '../../lib/state/drift-record-store.ts';
import { createJournal } from '../../lib/state/journal.ts';
import { createKeptReadsStore } from '../../lib/state/kept-reads-store.ts';
import { createLedgerStore } from '../../lib/state/ledger-store.ts';
import { createReadRotationStore } from '../../lib/state/read-rotation-store.ts';
import { createRunStore } from '../../lib/state/run-store.ts';
import { createSharedLaneStore } from '../../lib/state/shared-lane-store.ts';
import type { Storage } from '../../lib/state/storage.ts';
import { FakeAzure } from './fake-azure.ts';
import { createMemoryStorage } from './memory-storage.ts';

/** Everything that reconciling needs, in memory. `settings`: app settings by name. */
export function memoryDependencies(
  settings: Readonly<Record<string, string>> = {},
  { documents, tables }: Storage = createMemoryStorage(),
): Dependencies & { readonly arm: FakeAzure } {
  return {
    settings: readSettings({
      AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
      AzureWebJobsStorage__tableServiceUri: 'https://account.table.core.windows.net',
      ...settings,
    }),
    arm: new FakeAzure(),
    baselines: createBaselineStore(documents, { sleep: async () => undefined, random: () => 0 }),
    ledger: createLedgerStore(tables),
    journal: createJournal(tables),
    runs: createRunStore(documents),
    lanes: createSharedLaneStore(documents),
    keptReads: createKeptReadsStore(documents),
    drift: createDriftRecordStore(documents),
    rotation: createReadRotationStore(documents),
    metrics: {
      snatPortUtilization: async ({ fromMs, untilMs }) => ({ fromMs, untilMs, grainMinutes: 1, series: [] }),
      observedCapacity: async ({ fromMs, untilMs }) => ({ fromMs, untilMs, grainMinutes: 1, series: [] }),
    },
    events: { listens: false, publish: async () => ({ outcome: 'nobodyListens' }) },
    networkUsages: async () => [],
  };
}
