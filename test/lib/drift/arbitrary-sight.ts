import fc from 'fast-check';
import { type DriftVerdict, decideDrifts } from '../../../lib/drift/decide-drifts.ts';
import type { DriftNews } from '../../../lib/drift/drift-news.ts';
import type { DriftRecord } from '../../../lib/drift/drift-record.ts';
import { type Sight, seeDrifts } from '../../../lib/drift/see-drifts.ts';
import type { LedgerEntry } from '../../../lib/plan/ledger.ts';
import type { Change } from '../../../lib/plan/plan.ts';

export const NOW = '2026-06-01T12:00:00.000Z';
const PUT_AT = '2026-05-01T12:00:00.000Z';

/** A change of one of a few resources, whose properties differ in a few ways. */
export function changeOf(name: string, over: Partial<Change> = {}): Change {
  return {
    id: `/${name}`,
    kind: 'thing',
    action: 'update',
    risk: 'safe',
    owner: 'spec',
    reason: 'It differs.',
    diff: [{ path: 'properties.x', before: 1, after: 2 }],
    estimatedMinutes: 1,
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    ...over,
  };
}

export function entryOf(id: string, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    id,
    kind: 'thing',
    state: 'confirmed',
    created: true,
    confirmed: { 'properties.x': 'spec' },
    intended: {},
    lanes: [],
    dependsOn: [],
    scope: 'hub',
    operationId: 'north-1',
    at: PUT_AT,
    ...over,
  };
}

const names = ['a', 'b', 'c', 'd'] as const;

export const someChanges: fc.Arbitrary<readonly Change[]> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(...names),
      values: fc.dictionary(fc.constantFrom('properties.x', 'properties.y', 'tags.z'), fc.integer(), { minKeys: 1 }),
      isGone: fc.boolean(),
    }),
    { selector: ({ name }) => name },
  )
  .map((drawn) =>
    drawn.map(({ name, values, isGone }) =>
      isGone
        ? changeOf(name, { action: 'create', recreates: true })
        : changeOf(name, {
            diff: Object.entries(values).map(([path, before]) => ({ path, before, after: 'declared' })),
          }),
    ),
  );

export function sightOf(changes: readonly Change[], over: Partial<Sight> = {}): Sight {
  return {
    plan: { changes, refused: [] },
    kept: [],
    postponed: [],
    foreign: [],
    foreignStanding: () => 'gone',
    ledger: new Map(changes.map(({ id }) => [id, entryOf(id)])),
    wasAsDeclared: () => true,
    standing: () => 'asDeclared',
    isUnderWay: () => false,
    hints: [],
    looksForDrift: true,
    isTakenOver: () => false,
    worlds: new Map(),
    isWhole: true,
    comparedCount: names.length,
    notComparedCount: 0,
    specVersion: 1,
    rejected: [],
    operationId: 'north-2',
    nowIso: NOW,
    ...over,
  };
}

export function verdictOf(over: Partial<DriftVerdict> = {}): DriftVerdict {
  return {
    unplanned: [],
    refused: [],
    waiting: [],
    kept: [],
    postponed: [],
    failed: new Map(),
    isUnderWay: () => false,
    operationId: 'north-2',
    isWhole: true,
    tellsOthersOnce: true,
    ...over,
  };
}

/** One comparison with its decisions. */
export function compared(
  record: DriftRecord,
  sight: Sight,
  verdict: DriftVerdict = verdictOf(),
): { readonly record: DriftRecord; readonly news: readonly DriftNews[] } {
  return decideDrifts(seeDrifts(record, sight), verdict);
}
