import { isJsonObject, type Json } from '../json.ts';
import { ProblemError } from '../problem.ts';
import { isJsonArray, memberKey, objectOf, own } from './values.ts';

export { objectOf, own } from './values.ts';

/** One step of a path. The `any` steps occur in patterns only. */
export type Segment =
  | { readonly type: 'property'; readonly name: string }
  | { readonly type: 'entry'; readonly key: string }
  | { readonly type: 'anyProperty' }
  | { readonly type: 'anyEntry' };

/** Tells which property names the members of the array at a path. */
export type KeyOfArray = (arrayPath: string) => string;

const KEYED_BY_NAME: KeyOfArray = () => 'name';

function invalid(text: string, why: string): ProblemError {
  return new ProblemError({
    code: 'PropertyPathInvalid',
    actor: 'us',
    message: `'${text}' is no property path: ${why}.`,
    remedy: 'Correct the path in the rules of the kind, or report the resource whose ledger row holds it.',
  });
}

/**
 * Reads a path or a pattern: property names joined by dots, a named entry as `[key]`, `[]` for every member of an array,
 * `*` for every key of a map.
 *
 * A backslash takes the next character literally, so that names may hold anything: the tag `a.b` is `tags.a\.b`, `x[y]`
 * is `tags.x\[y\]`, a key that is a single star is `\*`. Inside brackets only `]` and the backslash need one. `\e`
 * stands for the empty name. Throws a `ProblemError` for anything else.
 */
export function parsePath(text: string): readonly Segment[] {
  const segments: Segment[] = [];
  let at = 0;

  const readUntil = (ends: string): { name: string; escaped: boolean } => {
    let name = '';
    let escaped = false;
    for (; at < text.length; at++) {
      const character = text.charAt(at);
      if (ends.includes(character)) break;
      if (character !== '\\') {
        name += character;
        continue;
      }
      escaped = true;
      at++;
      if (at === text.length) throw invalid(text, 'it ends in a backslash');
      if (text.charAt(at) !== 'e') name += text.charAt(at);
    }
    return { name, escaped };
  };

  while (at < text.length) {
    if (text.charAt(at) === '[') {
      at++;
      const { name, escaped } = readUntil(']');
      if (at === text.length) throw invalid(text, 'a bracket is not closed');
      at++;
      segments.push(name === '' && !escaped ? { type: 'anyEntry' } : { type: 'entry', key: name });
      continue;
    }
    if (segments.length > 0) {
      if (text.charAt(at) !== '.') throw invalid(text, 'a dot is missing after a bracket');
      at++;
    }
    const { name, escaped } = readUntil('.[]');
    if (text.charAt(at) === ']') throw invalid(text, 'a bracket is closed that was not opened');
    if (name === '' && !escaped) throw invalid(text, 'a property name is empty');
    segments.push(name === '*' && !escaped ? { type: 'anyProperty' } : { type: 'property', name });
  }
  return segments;
}

/** Path of a property of the thing at `parent` (empty: the body itself). */
export function propertyPath(parent: string, name: string): string {
  const escaped = name === '' ? '\\e' : name === '*' ? '\\*' : name.replace(/[\\.[\]]/g, '\\$&');
  return parent === '' ? escaped : `${parent}.${escaped}`;
}

/** Path of a named entry of the array at `parent`. */
export function entryPath(parent: string, key: string): string {
  return `${parent}[${key === '' ? '\\e' : key.replace(/[\\\]]/g, '\\$&')}]`;
}

/** The text that `parsePath` reads back as these segments. */
export function formatPath(segments: readonly Segment[]): string {
  let path = '';
  for (const segment of segments) {
    switch (segment.type) {
      case 'property':
        path = propertyPath(path, segment.name);
        break;
      case 'entry':
        path = entryPath(path, segment.key);
        break;
      case 'anyProperty':
        path = path === '' ? '*' : `${path}.*`;
        break;
      case 'anyEntry':
        path = `${path}[]`;
        break;
    }
  }
  return path;
}

function fits(segment: Segment, pattern: Segment): boolean {
  switch (pattern.type) {
    case 'anyProperty':
      return segment.type === 'property' || segment.type === 'anyProperty';
    case 'anyEntry':
      return segment.type === 'entry' || segment.type === 'anyEntry';
    case 'property':
      return segment.type === 'property' && segment.name === pattern.name;
    case 'entry':
      return segment.type === 'entry' && segment.key.toLowerCase() === pattern.key.toLowerCase();
  }
}

function startsWith(path: readonly Segment[], pattern: readonly Segment[]): boolean {
  return pattern.every((step, index) => {
    const segment = path[index];
    return segment !== undefined && fits(segment, step);
  });
}

/** Whether a path is one of those that a pattern stands for. Entry keys compare without case. */
export function matchesPattern(path: string, pattern: string): boolean {
  const segments = parsePath(path);
  const steps = parsePath(pattern);
  return segments.length === steps.length && startsWith(segments, steps);
}

/** Whether what is at a path holds, is, or lies in something that a pattern stands for. */
export function touches(path: string, pattern: string): boolean {
  const segments = parsePath(path);
  const steps = parsePath(pattern);
  return startsWith(segments, steps.slice(0, segments.length));
}

/** Whether a path is, or lies below, one of those that a pattern stands for. */
export function isAtOrBelow(path: string, pattern: string): boolean {
  return startsWith(parsePath(path), parsePath(pattern));
}

function indexOfEntry(members: readonly Json[], keyProperty: string, key: string): number {
  const wanted = key.toLowerCase();
  return members.findIndex((member) => memberKey(member, keyProperty)?.toLowerCase() === wanted);
}

/** The value at a path, or undefined. `keyOf` names the key property of each array; without it that is `name`. */
export function getAt(body: Json, path: string, keyOf: KeyOfArray = KEYED_BY_NAME): Json | undefined {
  let value: Json | undefined = body;
  let walked = '';
  for (const segment of parsePath(path)) {
    if (value === undefined) return undefined;
    if (segment.type === 'property') {
      if (!isJsonObject(value)) return undefined;
      value = own(value, segment.name);
      walked = propertyPath(walked, segment.name);
      continue;
    }
    if (segment.type !== 'entry') throw invalid(path, 'a pattern has no single value');
    if (!isJsonArray(value)) return undefined;
    value = value[indexOfEntry(value, keyOf(walked), segment.key)];
    walked = entryPath(walked, segment.key);
  }
  return value;
}

function changed(
  value: Json | undefined,
  segments: readonly Segment[],
  walked: string,
  keyOf: KeyOfArray,
  next: Json | undefined,
): Json | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return next;
  if (segment.type === 'property') {
    const members = isJsonObject(value) ? value : {};
    const below = propertyPath(walked, segment.name);
    const before = own(members, segment.name);
    if (next === undefined && before === undefined) return value;
    const after = changed(before, rest, below, keyOf, next);
    const entries = Object.entries(members).map(
      ([name, member]) => [name, name === segment.name ? after : member] as const,
    );
    return objectOf(before === undefined ? [...entries, [segment.name, after]] : entries);
  }
  if (segment.type !== 'entry') throw invalid(formatPath(segments), 'a pattern cannot be written to');
  const members = isJsonArray(value) ? value : [];
  const keyProperty = keyOf(walked);
  const index = indexOfEntry(members, keyProperty, segment.key);
  if (index < 0 && next === undefined) return value;
  const below = entryPath(walked, segment.key);
  const before = index < 0 ? objectOf([[keyProperty, segment.key]]) : members[index];
  const after = changed(before, rest, below, keyOf, next);
  if (after === undefined) return members.filter((_, at) => at !== index);
  return index < 0 ? [...members, after] : members.map((member, at) => (at === index ? after : member));
}

/** A copy of the body with the value at that path; objects and entries on the way are made where they are missing. */
export function setAt(body: Json, path: string, value: Json, keyOf: KeyOfArray = KEYED_BY_NAME): Json {
  return changed(body, parsePath(path), '', keyOf, value) ?? body;
}

/** A copy of the body without what is at that path; the body itself where nothing is there. */
export function removeAt(body: Json, path: string, keyOf: KeyOfArray = KEYED_BY_NAME): Json {
  const segments = parsePath(path);
  if (segments.length === 0) return body;
  return changed(body, segments, '', keyOf, undefined) ?? body;
}
