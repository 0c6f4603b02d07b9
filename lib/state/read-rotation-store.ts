import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { DocumentStore } from './storage.ts';

/** When scheduled scans read what has to be read one by one. */
export interface ReadRotation {
  /** Times of the latest scans, oldest first. */
  readonly scansIso: readonly string[];
  /** When each resource was read last, by `rotationKey`. */
  readonly readAtIso: Readonly<Record<string, string>>;
}

/** One document for each baseline that is scanned on a schedule. */
export interface ReadRotationStore {
  read(baseline: string): Promise<ReadRotation>;
  write(baseline: string, rotation: ReadRotation): Promise<void>;
}

/** Stands for a resource in the document: thousands of ids would make it large. */
export function rotationKey(id: string): string {
  return createHash('sha256').update(normaliseId(id)).digest('hex').slice(0, 24);
}

export function createReadRotationStore(documents: DocumentStore): ReadRotationStore {
  const pathOf = (baseline: string) => `rotation/${baseline}.json`;
  return {
    async read(baseline) {
      const value = (await documents.read(pathOf(baseline)))?.value;
      // Without it everything is read once: nothing is lost.
      if (value === undefined || !Array.isArray(value.scansIso) || !isJsonObject(value.readAtIso))
        return { scansIso: [], readAtIso: {} };
      return value as unknown as ReadRotation;
    },
    async write(baseline, rotation) {
      await documents.write(pathOf(baseline), JSON.parse(JSON.stringify(rotation)) as JsonObject, { if: 'any' });
    },
  };
}
