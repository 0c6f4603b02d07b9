import { type ReadRotation, rotationKey } from '../state/read-rotation-store.ts';

const HOUR_MS = 3_600_000;
/** However rarely scans come, each resource is read about this often. */
const ROUND_MS = 24 * HOUR_MS;
/** How long it may be until the next scan while nothing is known of a schedule. */
const ASSUMED_GAP_MS = HOUR_MS;
/** Scans that are remembered: those of two days, so that a schedule that rests at night is known to do so. */
const REMEMBERED_MS = 2 * ROUND_MS;
const REMEMBERED_SCANS = 100;
/** A plan that is made again so soon is of the same scan. */
const SAME_SCAN_MS = 60_000;

/** Something that can only be read by a call of its own. */
export interface SingleRead {
  readonly id: string;
  /** ISO time at which we have confirmed a write of it: it was as written then. Absent: nothing is known of it. */
  readonly knownAtIso?: string;
}

/**
 * What of these to read in a scan: whatever would be older than a day before the next scan, and always so many of the
 * oldest that a day's scans get round to all of them, a few at a time. Pure.
 */
export function dueReads(singles: readonly SingleRead[], rotation: ReadRotation, nowIso: string): readonly string[] {
  const nowMs = Date.parse(nowIso);
  const ages = singles
    .map(({ id, knownAtIso }) => ({ id, atMs: latestMs(rotation.readAtIso[rotationKey(id)], knownAtIso) }))
    .sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  const overdue = ages.filter(({ atMs }) => atMs + ROUND_MS <= nowMs + longestGapMs(rotation.scansIso, nowMs)).length;
  const share = Math.min(1, sinceLastScanMs(rotation.scansIso, nowMs) / ROUND_MS);
  return ages.slice(0, Math.max(overdue, Math.ceil(share * singles.length))).map(({ id }) => id);
}

/** The rotation after these were read; nothing is kept of what is not there any more. */
export function rotated(
  rotation: ReadRotation,
  singles: readonly SingleRead[],
  read: readonly string[],
  nowIso: string,
): ReadRotation {
  const nowMs = Date.parse(nowIso);
  const scans = rotation.scansIso.filter((at) => nowMs - Date.parse(at) <= REMEMBERED_MS);
  const isSameScan = sinceLastScanMs(rotation.scansIso, nowMs) < SAME_SCAN_MS;
  const just = new Set(read);
  return {
    scansIso: (isSameScan ? scans : [...scans, nowIso]).slice(-REMEMBERED_SCANS),
    readAtIso: Object.fromEntries(
      singles.flatMap(({ id }) => {
        const key = rotationKey(id);
        const at = just.has(id) ? nowIso : rotation.readAtIso[key];
        return at === undefined ? [] : [[key, at]];
      }),
    ),
  };
}

function latestMs(...times: readonly (string | undefined)[]): number {
  return Math.max(...times.map((at) => (at === undefined ? Number.NEGATIVE_INFINITY : Date.parse(at))));
}

function sinceLastScanMs(scansIso: readonly string[], nowMs: number): number {
  const last = scansIso.at(-1);
  return last === undefined ? ASSUMED_GAP_MS : nowMs - Date.parse(last);
}

function longestGapMs(scansIso: readonly string[], nowMs: number): number {
  if (scansIso.length === 0) return ASSUMED_GAP_MS;
  const times = [...scansIso.map((at) => Date.parse(at)), nowMs];
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
