import { countText } from '../count-text.ts';
import { resourceText } from './resource-name.ts';

/** Something that does not happen, with the resource it is about and the one whose fate it shares. */
export interface Caused {
  readonly id: string;
  /** What somebody reads: those with the same text share one line. */
  readonly text: string;
  /** Why it is so for this one, when it is so because of another resource. */
  readonly cause?: string | undefined;
}

/** One root cause with everything that it is true of. */
export interface CauseGroup {
  readonly text: string;
  readonly ids: readonly string[];
  /** What only shares the fate of these. */
  readonly dependents: readonly string[];
}

/** Names of resources before the rest is only counted. */
const SHOWN_NAMES = 3;

/** Groups by root cause, in the order of their first appearance; what depends on a root is counted with it. */
export function causeGroups(items: readonly Caused[]): readonly CauseGroup[] {
  const byId = new Map(items.map((item) => [item.id.toLowerCase(), item]));
  const groups = new Map<string, { readonly ids: Set<string>; readonly dependents: Set<string> }>();
  for (const item of items) {
    const root = rootOf(item, byId);
    const group = groups.get(root.text) ?? { ids: new Set<string>(), dependents: new Set<string>() };
    groups.set(root.text, group);
    if (root === item) group.ids.add(item.id);
    else group.dependents.add(item.id);
  }
  return [...groups].map(([text, { ids, dependents }]) => ({ text, ids: [...ids], dependents: [...dependents] }));
}

function rootOf(item: Caused, byId: ReadonlyMap<string, Caused>): Caused {
  const seen = new Set([item]);
  let root = item;
  for (;;) {
    const next = root.cause === undefined ? undefined : byId.get(root.cause.toLowerCase());
    if (next === undefined || seen.has(next)) return root;
    seen.add(next);
    root = next;
  }
}

/** `fw-hub (rg-hub), vnet-hub (rg-hub) and 12 more`; all of them with `full`. */
export function namesText(ids: readonly string[], full = false): string {
  const names = ids.map(resourceText);
  if (full || names.length <= SHOWN_NAMES + 1) {
    return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  }
  return `${names.slice(0, SHOWN_NAMES).join(', ')} and ${names.length - SHOWN_NAMES} more`;
}

/** `and 47 that depend on it`; nothing when there are none. */
export function dependentsText({ ids, dependents }: CauseGroup): string {
  if (dependents.length === 0) return '';
  const on = ids.length === 1 ? 'it' : 'them';
  return `and ${dependents.length} that ${dependents.length === 1 ? 'depends' : 'depend'} on ${on}`;
}

/** `12 changes, and 47 that depend on them`. */
export function countOfGroup(group: CauseGroup, noun: string): string {
  const rest = dependentsText(group);
  return `${countText(group.ids.length, noun)}${rest === '' ? '' : `, ${rest}`}`;
}
