import type { Json } from '../json.ts';
import type { ComparisonRules, NamedEntries } from './kind.ts';
import { parsePath } from './property-path.ts';

interface RuleNode {
  readonly properties: Map<string, RuleNode>;
  readonly entries: Map<string, RuleNode>;
  anyProperty?: RuleNode;
  anyEntry?: RuleNode;
  readOnly?: true;
  named?: NamedEntries;
  set?: true;
  keepForeignMembers?: true;
  children?: true;
  oursUnsaid?: true;
  ignoreCase?: true;
  default?: { readonly value: Json };
  immutable?: string;
  secret?: true;
}

/** A place in a body as the rules of its kind see it: all the pattern nodes that stand for it. */
export type RulePlace = readonly RuleNode[];

/** ARM's own fields at the root of every resource: they say which one it is and are never part of what is declared. */
const IDENTITY = ['id', 'name', 'type', 'etag', 'systemData'];

const NOWHERE: RulePlace = [];
const compiled = new WeakMap<ComparisonRules, RulePlace>();

function emptyNode(): RuleNode {
  return { properties: new Map(), entries: new Map() };
}

function childIn(children: Map<string, RuleNode>, key: string): RuleNode {
  const child = children.get(key) ?? emptyNode();
  children.set(key, child);
  return child;
}

function nodeAt(root: RuleNode, pattern: string): RuleNode {
  let node = root;
  for (const segment of parsePath(pattern)) {
    switch (segment.type) {
      case 'property':
        node = childIn(node.properties, segment.name);
        break;
      case 'entry':
        node = childIn(node.entries, segment.key.toLowerCase());
        break;
      case 'anyProperty':
        node.anyProperty ??= emptyNode();
        node = node.anyProperty;
        break;
      case 'anyEntry':
        node.anyEntry ??= emptyNode();
        node = node.anyEntry;
        break;
    }
  }
  return node;
}

/** The root of a body under these rules. Rules are compiled once and must not change afterwards. */
export function rulesAtRoot(rules: ComparisonRules): RulePlace {
  const known = compiled.get(rules);
  if (known !== undefined) return known;
  const root = emptyNode();
  for (const name of IDENTITY) childIn(root.properties, name).readOnly = true;
  for (const pattern of rules.readOnly) nodeAt(root, pattern).readOnly = true;
  for (const entries of rules.entries) nodeAt(root, entries.path).named = entries;
  for (const pattern of rules.sets) nodeAt(root, pattern).set = true;
  for (const pattern of rules.keepForeignMembers ?? []) {
    const node = nodeAt(root, pattern);
    node.set = true;
    node.keepForeignMembers = true;
  }
  for (const pattern of rules.children ?? []) nodeAt(root, pattern).children = true;
  for (const pattern of rules.oursUnsaid ?? []) nodeAt(root, pattern).oursUnsaid = true;
  for (const pattern of rules.ignoreCase) nodeAt(root, pattern).ignoreCase = true;
  for (const [pattern, value] of Object.entries(rules.defaults)) nodeAt(root, pattern).default = { value };
  for (const [pattern, why] of Object.entries(rules.immutable)) nodeAt(root, pattern).immutable = why;
  for (const pattern of rules.secret) nodeAt(root, pattern).secret = true;
  const place = [root];
  compiled.set(rules, place);
  return place;
}

/** The rules for a property of the object here. */
export function atProperty(place: RulePlace, name: string): RulePlace {
  if (place.length === 0) return NOWHERE;
  const below: RuleNode[] = [];
  for (const node of place) {
    const exact = node.properties.get(name);
    if (exact !== undefined) below.push(exact);
    if (node.anyProperty !== undefined) below.push(node.anyProperty);
  }
  return below;
}

/** The rules for a member of the array here. */
export function atEntry(place: RulePlace, key: string): RulePlace {
  if (place.length === 0) return NOWHERE;
  const below: RuleNode[] = [];
  for (const node of place) {
    const exact = node.entries.size > 0 ? node.entries.get(key.toLowerCase()) : undefined;
    if (exact !== undefined) below.push(exact);
    if (node.anyEntry !== undefined) below.push(node.anyEntry);
  }
  return below;
}

function first<T>(place: RulePlace, pick: (node: RuleNode) => T | undefined): T | undefined {
  for (const node of place) {
    const found = pick(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const isReadOnly = (place: RulePlace): boolean => first(place, (node) => node.readOnly) ?? false;
export const isSet = (place: RulePlace): boolean => first(place, (node) => node.set) ?? false;
export const keepsForeignMembers = (place: RulePlace): boolean =>
  first(place, (node) => node.keepForeignMembers) ?? false;
export const isChildren = (place: RulePlace): boolean => first(place, (node) => node.children) ?? false;
export const isOursUnsaid = (place: RulePlace): boolean => first(place, (node) => node.oursUnsaid) ?? false;
export const ignoresCase = (place: RulePlace): boolean => first(place, (node) => node.ignoreCase) ?? false;
export const isSecret = (place: RulePlace): boolean => first(place, (node) => node.secret) ?? false;
export const namedEntries = (place: RulePlace): NamedEntries | undefined => first(place, (node) => node.named);
export const immutableReason = (place: RulePlace): string | undefined => first(place, (node) => node.immutable);
export const defaultValue = (place: RulePlace): { readonly value: Json } | undefined =>
  first(place, (node) => node.default);
