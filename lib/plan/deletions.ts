import type { JsonObject } from '../json.ts';
import { compare } from './compare.ts';
import { normaliseId, type Owner } from './graph.ts';
import type { KindRules } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { mergeForWrite, ownedBeforeOf } from './merge.ts';
import { changeOfFailed, entriesTakenAway, type NodeOutcome, riskier, someOf, stayingText } from './node-changes.ts';
import { isOurs } from './ownership.ts';
import type { Refusal } from './plan.ts';
import type { DraftChange, PlanInput } from './plan-input.ts';

/** What the plan does about one ledger entry that nothing declares any more. */
export interface Leaving {
  readonly entry: LedgerEntry;
  readonly actual: JsonObject;
  readonly change?: DraftChange;
  readonly refusal?: Refusal;
}

interface Candidate {
  readonly key: string;
  readonly entry: LedgerEntry;
  readonly actual: JsonObject;
  readonly rules: KindRules;
}

/**
 * Decides about everything in the ledger that is no longer declared: what we made is deleted, what we adopted gets back
 * what was ours in it. What holds something foreign stays, with everything that it refers to and everything around it.
 */
export function leavings(
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
  outcomes: readonly NodeOutcome[],
): readonly Leaving[] {
  const declared = new Set(input.graph.nodes.map(({ id }) => normaliseId(id)));
  const candidates: Candidate[] = [];
  for (const key of [...ledger.keys()].sort()) {
    const entry = ledger.get(key);
    const actual = input.observed.get(key);
    if (entry === undefined || declared.has(key) || actual === undefined || actual === null) continue;
    if (input.claimedByOthers?.has(key) === true) continue;
    candidates.push({ key, entry, actual, rules: input.kinds(entry.kind) });
  }
  if (candidates.length === 0) return [];
  if (declared.size === 0 && input.teardown !== true) {
    const why = 'Nothing at all is declared, and no teardown was asked for.';
    return candidates.map(({ entry, actual }) => ({
      entry,
      actual,
      refusal: { id: entry.id, code: 'EmptyGraph', why },
    }));
  }
  const made = candidates.filter(({ entry }) => entry.created);
  const adopted = candidates.filter(({ entry }) => !entry.created);
  const teardown = input.teardown === true;
  const refusals = refusalsOf(made, adopted, input, ledger, outcomes);
  return candidates.map((candidate) => {
    const { key, entry, actual } = candidate;
    const refusal = refusals.get(key);
    if (refusal !== undefined) return { entry, actual, refusal };
    const change = entry.created
      ? deletion(candidate, teardown, input.adjustmentsInForce)
      : retreat(candidate, teardown);
    return change === undefined ? { entry, actual } : { entry, actual, change };
  });
}

/**
 * Rows of what is no longer declared and is gone, belongs to another baseline by now, or has nothing of ours left in it.
 * What was not looked for is kept.
 */
export function forgettable(
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
  leaving: readonly Leaving[],
): readonly string[] {
  const declared = new Set(input.graph.nodes.map(({ id }) => normaliseId(id)));
  const isOver = (key: string): boolean =>
    input.observed.get(key) === null || (input.claimedByOthers?.has(key) === true && input.observed.has(key));
  const gone = [...ledger].filter(([key]) => !declared.has(key) && isOver(key)).map(([, { id }]) => id);
  const left = leaving.filter(({ change, refusal, entry }) => !change && !refusal && !entry.created);
  return [...gone, ...left.map(({ entry }) => entry.id)].sort();
}

function refusalsOf(
  made: readonly Candidate[],
  adopted: readonly Candidate[],
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
  outcomes: readonly NodeOutcome[],
): ReadonlyMap<string, Refusal> {
  const byKey = new Map(made.map((candidate) => [candidate.key, candidate]));
  const refusals = new Map<string, Refusal>();
  const queue: Candidate[] = [];
  const keep = (key: string, code: string, why: string, cause?: string): void => {
    const candidate = byKey.get(key);
    if (candidate === undefined || refusals.has(key)) return;
    refusals.set(key, { id: candidate.entry.id, code, why, ...(cause === undefined ? {} : { cause }) });
    queue.push(candidate);
  };
  const keepReferred = (body: JsonObject, rules: KindRules, by: string): void => {
    for (const id of rules.referencesOf(body)) {
      for (const key of [normaliseId(id), ...ancestors(id)]) {
        if (!isGroup(key)) keep(key, 'StillNeeded', `${by} refers to it and stays.`, by);
      }
    }
  };

  for (const { key, entry, actual, rules } of made) {
    const foreign = rules.foreignContentOf(actual, (pathOrId) =>
      pathOrId.startsWith('/') ? isAccountedFor(pathOrId, input, ledger) : isOurs(entry, pathOrId),
    );
    if (foreign.length > 0)
      keep(key, 'ForeignContent', `There is something in it that Hubkeeper did not make: ${someOf(foreign, 5)}.`);
  }
  for (const { entry, actual, rules } of adopted) {
    keepReferred(afterRetreat(actual, rules, entry), rules, entry.id);
    for (const key of ancestors(entry.id)) keep(key, 'StillNeeded', `${entry.id} is in it and is not Hubkeeper's.`);
  }
  for (const outcome of outcomes) {
    const { node, actual } = outcome;
    const willBeThere = actual !== null || outcome.change !== undefined;
    if (!willBeThere) continue;
    for (const key of ancestors(node.id)) keep(key, 'StillNeeded', `${node.id} is in it and is declared.`);
    const body = bodyAfter(outcome, input, ledger);
    if (body !== undefined) keepReferred(body, input.kinds(node.kind), node.id);
  }
  const spread = (): void => {
    for (let kept = queue.pop(); kept !== undefined; kept = queue.pop()) {
      keepReferred(kept.actual, kept.rules, kept.entry.id);
      const { id } = kept.entry;
      for (const key of ancestors(id)) keep(key, 'StillNeeded', `${id} is in it and stays.`, id);
    }
  };
  spread();
  // Groups come last: what is kept in them is known only now.
  for (const { key } of made.filter((candidate) => isGroup(candidate.key))) {
    const contents = input.groupContents?.get(key);
    if (contents === undefined) {
      keep(
        key,
        'ResourceGroupContentsUnknown',
        'What is in the group could not be listed, so it may hold something foreign.',
      );
      continue;
    }
    const staying = contents.filter((id) => {
      const around = [normaliseId(id), ...ancestors(id)].filter((other) => !isGroup(other));
      return !around.some((other) => byKey.has(other) && !refusals.has(other));
    });
    if (staying.length === 0) continue;
    // What others put there comes first: that is what a person has to look at.
    const named = [...staying].sort((a, b) => Number(ledger.has(normaliseId(a))) - Number(ledger.has(normaliseId(b))));
    const why = `It holds what this plan does not delete: ${someOf(named, 5)}.`;
    const before = refusals.get(key);
    if (before?.code === 'StillNeeded') refusals.set(key, { ...before, code: 'ResourceGroupNotEmpty', why });
    else keep(key, 'ResourceGroupNotEmpty', why);
  }
  spread();
  return refusals;
}

/**
 * Whether the plan itself knows what becomes of a resource that uses or is in another one: we made it, or it is adopted
 * and what it refers to afterwards is looked at.
 */
function isAccountedFor(id: string, input: PlanInput, ledger: ReadonlyMap<string, LedgerEntry>): boolean {
  const key = normaliseId(id);
  const entry = ledger.get(key);
  return entry !== undefined && (entry.created || input.observed.get(key) !== undefined);
}

/** Normalised ids of the resources that a resource is in: its parents and its group. */
export function ancestors(id: string): readonly string[] {
  const parts = normaliseId(id).split('/');
  const found: string[] = [];
  // /subscriptions/S/resourceGroups/G/providers/N/type/name/type/name
  for (let length = parts.length - 2; length > 8; length -= 2) found.push(parts.slice(0, length).join('/'));
  if (parts[3] === 'resourcegroups' && parts.length > 5) found.push(parts.slice(0, 5).join('/'));
  return found;
}

export function isGroup(key: string): boolean {
  return /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+$/i.test(key);
}

function bodyAfter(
  { node, change, actual }: NodeOutcome,
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
): JsonObject | undefined {
  if (actual === undefined) return undefined;
  if (change === undefined) return actual ?? undefined;
  const owned = ownedBeforeOf(ledger.get(normaliseId(node.id)));
  return mergeForWrite(node.body, actual, input.kinds(node.kind).comparison, owned);
}

function afterRetreat(actual: JsonObject, rules: KindRules, entry: LedgerEntry): JsonObject {
  return mergeForWrite({}, actual, rules.comparison, ownedBeforeOf(entry));
}

function ownersOf(entry: LedgerEntry): readonly Owner[] {
  return [...new Set(Object.values(ownedBeforeOf(entry)))].sort();
}

/** Whether all that is ours in it came with an adjustment: it goes with that as well. */
export function isOfAdjustment(entry: LedgerEntry): boolean {
  const owners = ownersOf(entry);
  return owners.length === 1 && owners[0] === 'adjustment';
}

function deletion(
  { entry, rules }: Candidate,
  teardown: boolean,
  adjustmentsInForce: PlanInput['adjustmentsInForce'],
): DraftChange {
  const owners = ownersOf(entry);
  const byAdjustment = isOfAdjustment(entry);
  return {
    id: entry.id,
    kind: entry.kind,
    action: 'delete',
    // An adjustment's way back takes away only what the adjustment itself had made.
    risk: byAdjustment ? 'disruptive' : rules.riskOf('delete', []),
    owner: byAdjustment ? 'adjustment' : (owners.find((owner) => owner !== 'adjustment') ?? 'spec'),
    reason: reasonOfDeletion(byAdjustment, teardown, adjustmentsInForce?.get(entry.scope)),
    diff: [],
    estimatedMinutes: rules.durationMinutes.delete,
    lanes: entry.lanes,
    scope: entry.scope,
  };
}

function reasonOfDeletion(byAdjustment: boolean, teardown: boolean, adjustmentInForce: string | undefined): string {
  if (teardown) return 'Hubkeeper made it, and a teardown was asked for.';
  if (!byAdjustment) return 'Hubkeeper made it, and it is no longer declared.';
  return adjustmentInForce === undefined
    ? 'An adjustment had made it, and none that counts now wants it.'
    : `An adjustment had made it, and '${adjustmentInForce}', which counts now, does without it.`;
}

/** Takes out of an adopted resource what was ours in it; undefined: nothing is left there. */
function retreat({ entry, actual, rules }: Candidate, teardown: boolean): DraftChange | undefined {
  const owned = ownedBeforeOf(entry);
  const { differences, staying } = compare({}, actual, rules.comparison, owned);
  if (differences.length === 0) return undefined;
  const takesAway = entriesTakenAway(differences, owned, undefined);
  const owners = ownersOf(entry);
  const byAdjustment = isOfAdjustment(entry);
  const risk = rules.riskOf('update', differences);
  const change: DraftChange = {
    id: entry.id,
    kind: entry.kind,
    action: 'update',
    risk: byAdjustment ? riskier(risk, 'disruptive') : risk,
    owner: byAdjustment ? 'adjustment' : (owners.find((owner) => owner !== 'adjustment') ?? 'spec'),
    reason: `${teardown ? 'A teardown was asked for' : 'It is no longer declared'}: ${someOf(differences.map(({ path }) => path))} of ours leaves it; the resource itself stays.${stayingText(staying)}`,
    diff: differences,
    estimatedMinutes: rules.durationMinutes.update,
    lanes: entry.lanes,
    scope: entry.scope,
    ...(takesAway.length > 0 ? { takesAway } : {}),
  };
  return changeOfFailed(change, rules, actual);
}
