import type { Json } from '../json.ts';
import { canonicalJson } from './hash.ts';
import { memberText } from './member-keys.ts';
import { isJsonArray } from './values.ts';

/** Two texts for the sides of a difference. */
export interface SideTexts {
  readonly before: string;
  readonly after: string;
}

/**
 * What each of two lists has that the other one lacks, as `not declared: 10.0.0.1 (61 members)`. Each text has about
 * `longest` characters at most; what does not fit is counted. Undefined: one of them is no list.
 */
export function listDifference(
  before: Json | undefined,
  after: Json | undefined,
  longest: number,
): SideTexts | undefined {
  if (before === undefined || after === undefined || !isJsonArray(before) || !isJsonArray(after)) return undefined;
  const more = without(before, after);
  const missing = without(after, before);
  if (more.length + missing.length > 0)
    return {
      before: sideText('not declared', more, before, longest),
      after: sideText('missing', missing, after, longest),
    };
  const first = before.findIndex((member, at) => canonicalJson(member) !== canonicalJson(after[at]));
  // Here quotes may be all that tells two members apart.
  const inOrder = (members: readonly Json[]) =>
    sideText(`number ${first + 1}`, members.slice(first, first + 1), members, longest, JSON.stringify);
  return { before: inOrder(before), after: inOrder(after) };
}

/** The members of a list that another one has less often. */
function without(members: readonly Json[], others: readonly Json[]): readonly Json[] {
  const counts = new Map<string, number>();
  for (const other of others) counts.set(canonicalJson(other), (counts.get(canonicalJson(other)) ?? 0) + 1);
  return members.filter((member) => {
    const key = canonicalJson(member);
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left === 0;
  });
}

function sideText(
  what: string,
  named: readonly Json[],
  all: readonly Json[],
  longest: number,
  textOf: (member: Json) => string = memberText,
): string {
  const total = `${all.length} ${all.length === 1 ? 'member' : 'members'}`;
  if (named.length === 0) return total;
  const shown: string[] = [];
  let left = longest;
  for (const member of named) {
    const text = textOf(member);
    left -= text.length + 2;
    if (left < 0) break;
    shown.push(text);
  }
  const rest = named.length - shown.length;
  const [first] = shown;
  const names = first === undefined ? `${named.slice(0, 1).map(textOf).join().slice(0, longest)}…` : shown.join(', ');
  const more = first === undefined ? rest - 1 : rest;
  return `${what}: ${names}${more > 0 ? ` and ${more} more` : ''} (${total})`;
}
