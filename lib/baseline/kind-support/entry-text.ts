import { countText } from '../../count-text.ts';
import type { Json } from '../../json.ts';
import { someOf } from '../../plan/node-changes.ts';
import { valuesAt } from './references.ts';

/** The texts and numbers at these places of an entry, empty ones left out. */
export function textsAt(entry: Json, ...patterns: readonly string[]): readonly string[] {
  return patterns
    .flatMap((pattern) => valuesAt(entry, pattern))
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map(String)
    .filter((text) => text !== '');
}

/** Last names of the ids at these places. */
export function namesAt(entry: Json, ...patterns: readonly string[]): readonly string[] {
  return textsAt(entry, ...patterns).map((id) => id.slice(id.lastIndexOf('/') + 1));
}

/** `from 10.0.0.0/8, 172.16.0.0/12`: a few of the values and the number of the others; empty where there are none. */
export function phrase(word: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${word} ${someOf(values)}`;
}

/** Phrases in one line; empty ones are left out. */
export function joined(phrases: readonly string[], between = ' '): string {
  return phrases.filter((one) => one !== '').join(between);
}

/** `Allow, priority 300, 2 rules`. */
export function describeRuleCollection(
  action: readonly string[],
  priority: readonly string[],
  ruleCount: number,
): string {
  return joined([...action, phrase('priority', priority), countText(ruleCount, 'rule')], ', ');
}
