import type { Json, JsonObject } from '../json.ts';
import { normaliseId } from './graph.ts';
import type { KindRules, PropertyDifference } from './kind.ts';
import type { LedgerEntry } from './ledger.ts';
import { mergeForWrite, ownedBeforeOf } from './merge.ts';
import { draftChange, type NodeOutcome } from './node-changes.ts';
import type { PlanInput } from './plan-input.ts';
import { getAt } from './property-path.ts';
import { conditionOf } from './provisioning-state.ts';
import { isJsonArray } from './values.ts';

/** The copy of another resource's value that a resource shows itself not to be up to date; undefined: it is, or has none. */
export function staleCopy(rules: KindRules, actual: JsonObject | null): PropertyDifference | undefined {
  if (rules.copy === undefined || actual === null) return undefined;
  return differenceOf(rules.copy.path, actual, getAt(actual, rules.copy.current));
}

/**
 * Adds to the outcomes the writes that bring copies of other resources' values up to date, also of values that this very
 * plan changes. What has no copy yet gets it when it is made.
 */
export function withStaleCopies(
  outcomes: readonly NodeOutcome[],
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
): readonly NodeOutcome[] {
  const byId = new Map(outcomes.map((outcome) => [normaliseId(outcome.node.id), outcome]));
  return outcomes.map((outcome) => {
    const { node, actual, change, refusal } = outcome;
    const rules = input.kinds(node.kind);
    if (rules.copy === undefined || !actual || refusal !== undefined || node.presence === 'reference') return outcome;
    // What is made anew gets its copies anew.
    if (change?.replaces === true) return outcome;
    const of = getAt(actual, rules.copy.of);
    const source = typeof of === 'string' ? byId.get(normaliseId(of)) : undefined;
    const difference = isMoving(source) ? undefined : staleCopyAfter(rules, actual, source, input, ledger);
    if (difference === undefined) return outcome;
    const entry = ledger.get(normaliseId(node.id));
    const reason = change?.reason ?? `Its copy of a value of ${String(of)} is not up to date.`;
    const diff = [...(change?.diff ?? []), difference];
    const draft = draftChange(node, rules, 'update', diff, ownedBeforeOf(entry), reason);
    return { ...outcome, change: { ...draft, copies: [difference.path] } };
  });
}

/** Somebody else changes it at this moment: what it will have is not known. */
function isMoving(source: NodeOutcome | undefined): boolean {
  return source?.change === undefined && source?.actual != null && conditionOf(source.actual).condition === 'underWay';
}

function staleCopyAfter(
  rules: KindRules,
  actual: JsonObject,
  source: NodeOutcome | undefined,
  input: PlanInput,
  ledger: ReadonlyMap<string, LedgerEntry>,
): PropertyDifference | undefined {
  if (rules.copy === undefined || source?.change === undefined || !source.actual) return staleCopy(rules, actual);
  const { node } = source;
  const owned = ownedBeforeOf(ledger.get(normaliseId(node.id)));
  const after = mergeForWrite(node.body, source.actual, input.kinds(node.kind).comparison, owned);
  return differenceOf(rules.copy.path, actual, getAt(after, rules.copy.source));
}

function differenceOf(path: string, actual: JsonObject, wanted: Json | undefined): PropertyDifference | undefined {
  const copy = getAt(actual, path);
  if (!isJsonArray(copy) || !isJsonArray(wanted)) return undefined;
  const before = sorted(copy);
  const after = sorted(wanted);
  return before.join() === after.join() ? undefined : { path, before, after };
}

function sorted(texts: readonly Json[]): string[] {
  return texts.map(String).sort();
}
