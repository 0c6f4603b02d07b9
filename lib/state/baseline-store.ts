import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject } from '../json.ts';
import { ProblemError } from '../problem.ts';
import { type BaselineHead, headFromJson, headToJson, newHead } from './baseline-head.ts';
import type { DocumentStore } from './storage.ts';

/** Global stop switch as stored; its generation counts like a baseline's. */
export interface Pause {
  readonly generation: number;
  readonly paused: boolean;
  readonly by: string;
  readonly reason: string;
  readonly since: string;
}

const notPaused: Pause = { generation: 0, paused: false, by: '', reason: '', since: '' };
const PAUSE_PATH = 'pause.json';

/** A writer that lost this many races against others gives up; each race means that somebody else got on. */
const COMPARE_AND_SWAP_ATTEMPTS = 60;
/** Pause after a lost race: a random part of a span that doubles from the first to the longest, so that nobody runs in step. */
const FIRST_SPAN_MS = 20;
const LONGEST_SPAN_MS = 2_000;

/** How a writer that lost a race waits, in wall time: no state depends on it. */
export interface Patience {
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** From 0 (inclusive) to 1. */
  readonly random: () => number;
}

/** How long a stored spec may be without a baseline that names it; a call that stores one ends within minutes. */
const UNNAMED_SPEC_MS = 3_600_000;
const SPECS_PRUNED_AT_ONCE = 5;

/** A spec as it was put. Its path is computed from its hash, so that it is written once and never changed. */
export interface StoredSpec {
  readonly hash: string;
  readonly storedBy: string;
  readonly storedAt: string;
  /** The document as the operator wrote it. */
  readonly text: string;
  readonly contentType: string;
}

export interface BaselineStore {
  names(): Promise<readonly string[]>;
  read(name: string): Promise<{ readonly head: BaselineHead; readonly etag: string } | null>;
  /**
   * Changes a baseline by compare-and-swap. `change` may run several times and must be pure; `null` from it means:
   * leave as it is. `create`: start from an empty baseline when there is none.
   * @returns the head in force afterwards and what `change` gave along with it.
   */
  change<Result>(
    name: string,
    change: (head: BaselineHead) => { readonly head: BaselineHead | null; readonly result: Result },
    options?: { readonly create?: boolean },
  ): Promise<{ readonly head: BaselineHead; readonly etag: string; readonly result: Result }>;
  readSpec(name: string, hash: string): Promise<StoredSpec | null>;
  writeSpec(name: string, spec: StoredSpec): Promise<void>;
  /** Removes specs that the baseline's history does not have any more, a few at a time. */
  pruneSpecs(name: string, nowIso: string): Promise<void>;
  readPause(): Promise<Pause>;
  /** The switch as it is from now on; null: nothing was paused, and an end of the pause changes nothing. */
  changePause(paused: boolean, by: string, reason: string, nowIso: string): Promise<Pause | null>;
}

export function baselineNotFound(name: string): ProblemError {
  return new ProblemError({
    code: 'BaselineNotFound',
    actor: 'caller',
    message: `There is no baseline '${name}'.`,
    remedy: 'List the baselines with GET /api/baselines, or put a spec under this name.',
  });
}

export function createBaselineStore(
  documents: DocumentStore,
  { sleep, random }: Patience = { sleep: (milliseconds) => wait(milliseconds), random: Math.random },
): BaselineStore {
  const headPath = (name: string) => `baselines/${name}/head.json`;
  // Specs are not below the heads, so that a list of these costs one page for thousands of baselines.
  const specFolder = (name: string) => `specs/${name}/`;
  const specPath = (name: string, hash: string) => `${specFolder(name)}${hash}.json`;

  async function read(name: string): Promise<{ readonly head: BaselineHead; readonly etag: string } | null> {
    const stored = await documents.read(headPath(name));
    return stored === null ? null : { head: headFromJson(stored.value), etag: stored.etag };
  }

  async function readPause(): Promise<Pause> {
    const stored = await documents.read(PAUSE_PATH);
    return stored === null ? notPaused : (stored.value as unknown as Pause);
  }

  async function afterLostRace(attempt: number): Promise<void> {
    await sleep(random() * Math.min(LONGEST_SPAN_MS, FIRST_SPAN_MS * 2 ** attempt));
  }

  return {
    read,
    readPause,
    async names() {
      const paths = await documents.list('baselines/');
      return paths.filter((path) => path.endsWith('/head.json')).map((path) => path.split('/')[1] ?? '');
    },
    async change(name, change, options = {}) {
      for (let attempt = 0; attempt < COMPARE_AND_SWAP_ATTEMPTS; attempt++) {
        const stored = await read(name);
        if (stored === null && options.create !== true) throw baselineNotFound(name);
        const { head, result } = change(stored?.head ?? newHead(name));
        if (head === null) return { head: stored?.head ?? newHead(name), etag: stored?.etag ?? '', result };
        const written = await documents.write(
          headPath(name),
          headToJson(head),
          stored === null ? { if: 'new' } : { if: 'unchanged', etag: stored.etag },
        );
        if (written !== 'conflict') return { head, etag: written.etag, result };
        await afterLostRace(attempt);
      }
      throw new ProblemError({
        code: 'BaselineBusy',
        actor: 'azure-temporary',
        message: `The baseline '${name}' is being changed by many at once.`,
        remedy: 'Try again in a few seconds.',
      });
    },
    async readSpec(name, hash) {
      const stored = await documents.read(specPath(name, hash));
      return stored === null ? null : (stored.value as unknown as StoredSpec);
    },
    async writeSpec(name, spec) {
      await documents.write(specPath(name, spec.hash), { ...spec } satisfies JsonObject, { if: 'any' });
    },
    async pruneSpecs(name, nowIso) {
      const stored = await read(name);
      if (stored === null) return;
      const { specHash, history } = stored.head;
      const kept = new Set([specHash, ...history.map(({ hash }) => hash)].map((hash) => specPath(name, hash)));
      const paths = (await documents.list(specFolder(name))).filter((path) => !kept.has(path));
      for (const path of paths.slice(0, SPECS_PRUNED_AT_ONCE)) {
        const spec = await documents.read(path);
        // A spec is stored before its baseline names it: one that was just put is none of those.
        if (spec === null || Date.parse(nowIso) - Date.parse(String(spec.value.storedAt)) < UNNAMED_SPEC_MS) continue;
        await documents.remove(path, spec.etag);
      }
    },
    async changePause(paused, by, reason, nowIso) {
      for (let attempt = 0; attempt < COMPARE_AND_SWAP_ATTEMPTS; attempt++) {
        const stored = await documents.read(PAUSE_PATH);
        const current = stored === null ? notPaused : (stored.value as unknown as Pause);
        if (!paused && !current.paused) return null;
        const next: Pause = { generation: current.generation + 1, paused, by, reason, since: nowIso };
        const written = await documents.write(
          PAUSE_PATH,
          { ...next } satisfies JsonObject,
          stored === null ? { if: 'new' } : { if: 'unchanged', etag: stored.etag },
        );
        if (written !== 'conflict') return next;
        await afterLostRace(attempt);
      }
      throw new ProblemError({
        code: 'PauseBusy',
        actor: 'azure-temporary',
        message: 'The stop switch is being changed by many at once.',
        remedy: 'Try again in a few seconds.',
      });
    },
  };
}
