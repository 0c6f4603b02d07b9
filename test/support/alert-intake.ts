import type { IntakeDependencies } from '../../lib/reactions/receive-alert.ts';
import { readSettings } from '../../lib/settings.ts';
import { createAlertStore } from '../../lib/state/alert-store.ts';
import type { BaselineHead } from '../../lib/state/baseline-head.ts';
import { createBaselineStore } from '../../lib/state/baseline-store.ts';
import { createJournal, type Journal } from '../../lib/state/journal.ts';
import { createLedgerStore } from '../../lib/state/ledger-store.ts';
import { type DocumentStore, type Storage, StorageError, type TableStore } from '../../lib/state/storage.ts';
import { createMemoryStorage } from './memory-storage.ts';

export const NOW = '2026-05-04T09:13:00.000Z';
export const BASELINE = 'prod';

/** Intake on storage in memory, with every storage call counted. */
export interface Intake {
  readonly dependencies: IntakeDependencies;
  readonly journal: Journal;
  /** Names of the storage calls since the last look. */
  calls(): readonly string[];
  head(baseline?: string): Promise<BaselineHead>;
  /** Makes a baseline with a spec in force that owns these resources. */
  manage(baseline: string, ids: readonly string[], change?: Partial<BaselineHead>): Promise<void>;
  /** The same storage seen by a process that has just started. */
  restarted(options?: IntakeOptions): Intake;
}

export interface IntakeOptions {
  readonly storage?: Storage;
  /** As in the app setting. */
  readonly allowedScopes?: string;
  /** Asked before each storage call: true makes it fail. */
  readonly failing?: () => boolean;
}

export function createIntake(options: IntakeOptions = {}): Intake {
  const inner = options.storage ?? createMemoryStorage();
  const calls: string[] = [];
  const observed = <Store extends DocumentStore | TableStore>(store: Store, name: string): Store =>
    new Proxy(store, {
      get(target, property, receiver) {
        const method: unknown = Reflect.get(target, property, receiver);
        if (typeof method !== 'function') return method;
        return async (...parameters: readonly unknown[]) => {
          calls.push(`${name}.${String(property)}`);
          if (options.failing?.() === true) throw new StorageError('answer', 'it is away');
          return method.apply(target, parameters);
        };
      },
    });
  const documents = observed(inner.documents, 'documents');
  const tables = observed(inner.tables, 'tables');
  const baselines = createBaselineStore(documents);
  const ledger = createLedgerStore(tables);
  const settings = readSettings({
    AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
    AzureWebJobsStorage__tableServiceUri: 'https://account.table.core.windows.net',
    HUBKEEPER_ALLOWED_SCOPES: options.allowedScopes ?? '',
  });
  return {
    journal: createJournal(tables),
    dependencies: { baselines, ledger, settings, alerts: createAlertStore(tables) },
    calls: () => calls.splice(0),
    async head(baseline = BASELINE) {
      const stored = await createBaselineStore(inner.documents).read(baseline);
      if (stored === null) throw new Error(`There is no baseline ${baseline}.`);
      return stored.head;
    },
    async manage(baseline, ids, change = {}) {
      for (const id of ids) await createLedgerStore(inner.tables).claim(baseline, id);
      await createBaselineStore(inner.documents).change(
        baseline,
        (head) => ({ head: { ...head, specVersion: 1, specHash: 'hash', mode: 'full', ...change }, result: undefined }),
        { create: true },
      );
    },
    restarted: (changes = {}) => createIntake({ ...options, ...changes, storage: inner }),
  };
}
