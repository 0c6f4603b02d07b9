import { isJsonObject, type JsonObject } from '../json.ts';
import type { DocumentStore } from './storage.ts';

/** What an observation that had to pause has read so far, one resource at a time. */
export interface KeptReads {
  /** When the first of it was read. */
  readonly sinceIso: string;
  /** Bodies by normalised id; `null`: not there. */
  readonly bodies: Readonly<Record<string, JsonObject | null>>;
}

/** One document for each baseline, there only while an observation pauses. */
export interface KeptReadsStore {
  read(baseline: string): Promise<KeptReads | null>;
  write(baseline: string, reads: KeptReads): Promise<void>;
  remove(baseline: string): Promise<void>;
}

export function createKeptReadsStore(documents: DocumentStore): KeptReadsStore {
  const pathOf = (baseline: string) => `reads/${baseline}.json`;
  return {
    async read(baseline) {
      const stored = await documents.read(pathOf(baseline));
      if (stored === null || !isJsonObject(stored.value.bodies)) return null;
      return stored.value as unknown as KeptReads;
    },
    async write(baseline, reads) {
      await documents.write(pathOf(baseline), JSON.parse(JSON.stringify(reads)) as JsonObject, { if: 'any' });
    },
    async remove(baseline) {
      await documents.remove(pathOf(baseline));
    },
  };
}
