import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Json, JsonObject } from '../json.ts';
import { readStrictJson } from './strict-json.ts';
import type { Violation } from './violation.ts';
import { violation } from './violation-codes.ts';

/** Of the whole document, before anything is parsed. A spec of 100 spokes has about 100 KiB. */
export const maxDocumentBytes = 256 * 1024;
/** A spec nests 8 levels. */
export const maxDocumentDepth = 32;
/** Values with aliases expanded; 256 KiB of text hold about 25,000. */
export const maxDocumentValues = 50_000;
export const maxDocumentAliases = 200;
/** The parser takes half a second for more; none but crafted documents have them. */
const maxTokens = 150_000;

/** A document as plain data, or everything that is wrong with its text. */
export type DocumentResult =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/** Thrown and caught in this file: reading stops at the first fault of the text. */
class Refusal extends Error {
  readonly violation: Violation;

  constructor(found: Violation) {
    super(found.message);
    this.violation = found;
  }
}

type Format = 'yaml' | 'json';

const formats: Readonly<Record<string, Format>> = {
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'text/x-yaml': 'yaml',
  'application/json': 'json',
  'text/json': 'json',
};

/** What the lexer puts between tokens for document, scalar and flow error: takes no room in the text. */
const lexerMarks: ReadonlySet<string> = new Set([2, 24, 31].map((code) => String.fromCharCode(code)));

/** Keys that reach prototypes when data is copied carelessly. No spec has them. */
const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function formatOf(contentType: string | undefined): Format | undefined {
  if (contentType === undefined || contentType.trim() === '') return 'yaml';
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) return undefined;
  const name = mediaType.trim();
  return Object.hasOwn(formats, name) ? formats[name] : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder throws for invalid UTF-8 and for nothing else; the caller reports it.
    return undefined;
  }
}

/** Offset of the first character that no text file holds: a control character other than tab and line ends. */
function controlCharacterAt(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return index;
  }
  return -1;
}

/** ` (line 3, column 7)`, counted from 1. */
export function placeInText(text: string, offset: number): string {
  const before = text.slice(0, Math.max(0, offset));
  const line = before.split('\n').length;
  return `(line ${line}, column ${before.length - before.lastIndexOf('\n')})`;
}

/**
 * Reads a spec's bytes as plain data: objects, arrays, strings, finite numbers, booleans and null, nothing shared.
 *
 * YAML is 1.2 with its core schema; JSON is read strictly. In both, keys are unique strings and nesting, values and
 * bytes are bounded before they cost anything. Anchors and aliases are allowed, at most 200, and count as often as
 * they are used; merge keys, tags, directives and several documents are refused. No content type means YAML, which
 * JSON is a part of.
 */
export function readDocument(bytes: Uint8Array, contentType: string | undefined): DocumentResult {
  const refuse = (found: Violation): DocumentResult => ({ ok: false, violations: [found] });
  if (bytes.byteLength > maxDocumentBytes) {
    return refuse(
      violation(
        'DocumentTooLarge',
        '',
        `The document has ${bytes.byteLength} bytes; ${maxDocumentBytes} are accepted.`,
      ),
    );
  }
  const format = formatOf(contentType);
  if (format === undefined) {
    return refuse(violation('DocumentTypeUnsupported', '', 'The content type is neither YAML nor JSON in UTF-8.'));
  }
  const text = textOf(bytes);
  if (text === undefined) return refuse(violation('DocumentNotText', '', 'The document is not UTF-8 text.'));
  const control = controlCharacterAt(text);
  if (control >= 0) {
    const place = placeInText(text, control);
    return refuse(violation('DocumentNotText', '', `The document holds a control character ${place}.`));
  }
  if (text.trim() === '') return refuse(violation('DocumentEmpty', '', 'The document is empty.'));

  if (format === 'json') {
    const read = readStrictJson(text, { maxDepth: maxDocumentDepth, maxValues: maxDocumentValues, refusedKeys });
    if (!read.ok) return refuse(violation(read.code, '', `${read.message} ${placeInText(text, read.offset)}.`));
    return objectOf(read.value);
  }
  try {
    return objectOf(readYaml(text));
  } catch (error) {
    if (error instanceof Refusal) return refuse(error.violation);
    throw error;
  }
}

function objectOf(value: Json): DocumentResult {
  if (value === null) return { ok: false, violations: [violation('DocumentEmpty', '', 'The document is empty.')] };
  if (typeof value !== 'object' || Array.isArray(value)) {
    const what = Array.isArray(value) ? 'a list' : 'a single value';
    return { ok: false, violations: [violation('DocumentNotAnObject', '', `The document is ${what}.`)] };
  }
  // Arrays were ruled out above; the compiler does not narrow readonly arrays by Array.isArray.
  return { ok: true, value: value as JsonObject };
}

/**
 * Looks at the tokens before the parser does. The parser is recursive and slow on crafted nesting (0.7 s for 256 KiB
 * of brackets); its tokens come in one linear pass.
 */
function checkTokens(text: string): void {
  let depth = 0;
  let indicatorsInLine = 0;
  let aliases = 0;
  let tokens = 0;
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    // Inside brackets they nest nothing: one line may hold a whole document.
    else if (token === '-' || token === '?' || token === ':') indicatorsInLine += depth === 0 ? 1 : 0;
    else if (token.startsWith('\n') || token.startsWith('\r')) indicatorsInLine = 0;
    else if (token.startsWith('%')) {
      throw new Refusal(
        violation('DocumentTagRefused', '', `A directive is not accepted ${placeInText(text, offset)}.`),
      );
    } else if (token.startsWith('*')) aliases += 1;

    if (depth === 0 && indicatorsInLine > maxDocumentDepth * 2) depth = maxDocumentDepth + 1;
    if (depth > maxDocumentDepth) {
      const place = placeInText(text, offset);
      throw new Refusal(
        violation('DocumentTooDeep', '', `Values nest deeper than ${maxDocumentDepth} levels ${place}.`),
      );
    }
    if (aliases > maxDocumentAliases) {
      const message = `The document uses more than ${maxDocumentAliases} aliases.`;
      throw new Refusal(violation('DocumentAliasRefused', '', message));
    }
    if (tokens > maxTokens) {
      throw new Refusal(violation('DocumentTooManyValues', '', `The text has more than ${maxTokens} tokens.`));
    }
    if (!lexerMarks.has(token)) offset += token.length;
  }
}

function readYaml(text: string): Json {
  checkTokens(text);
  const document: Document.Parsed = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    // Its own check compares every pair of keys; the conversion below uses a set.
    uniqueKeys: false,
    resolveKnownTags: false,
    prettyErrors: false,
    lineCounter: new LineCounter(),
    logLevel: 'error',
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const place = placeInText(text, error.pos[0]);
    if (error.code === 'MULTIPLE_DOCS') {
      throw new Refusal(violation('DocumentSeveral', '', `A second document starts ${place}.`));
    }
    if (error.code === 'RESOURCE_EXHAUSTION') {
      throw new Refusal(violation('DocumentTooDeep', '', `Values nest too deep ${place}.`));
    }
    const what = error.message.split('\n')[0] ?? error.message;
    throw new Refusal(violation('DocumentSyntax', '', `The text is not YAML: ${what} ${place}.`));
  }
  return new YamlConversion(text).convert(document.contents, '', 1);
}

/** Turns the parser's nodes into plain data: bounded, nothing shared, no key that is not a plain name. */
class YamlConversion {
  readonly #text: string;
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  convert(node: unknown, path: string, depth: number): Json {
    this.#values += 1;
    if (this.#values > maxDocumentValues) {
      const message = `The document has more than ${maxDocumentValues} values, aliases expanded`;
      throw this.#refusal('DocumentTooManyValues', path, message, node);
    }
    if (depth > maxDocumentDepth) {
      throw this.#refusal('DocumentTooDeep', path, `Values nest deeper than ${maxDocumentDepth} levels`, node);
    }
    if (node === null || node === undefined) return null;
    if (isAlias(node)) return this.#alias(node, path, depth);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) {
      throw this.#refusal('DocumentSyntax', path, 'The value has no plain form', node);
    }
    if (node.tag !== undefined) {
      throw this.#refusal('DocumentTagRefused', path, `The tag ${node.tag} is not accepted`, node);
    }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node, path);

    this.#open.add(node);
    const value = isMap(node) ? this.#map(node, path, depth) : this.#list(node, path, depth);
    this.#open.delete(node);
    return value;
  }

  #alias(node: Alias, path: string, depth: number): Json {
    const target = this.#anchors.get(node.source);
    if (target === undefined) {
      throw this.#refusal('DocumentAliasRefused', path, `The alias *${node.source} has no anchor before it`, node);
    }
    if (this.#open.has(target)) {
      throw this.#refusal('DocumentAliasRefused', path, `The alias *${node.source} contains itself`, node);
    }
    return this.convert(target, path, depth);
  }

  #scalar(node: Scalar, path: string): Json {
    const { value } = node;
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && Number.isFinite(value)) {
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
    }
    throw this.#refusal(
      'DocumentNumberRefused',
      path,
      `The number ${String(node.source)} cannot be read exactly`,
      node,
    );
  }

  #map(node: YAMLMap, path: string, depth: number): Json {
    const entries = new Map<string, Json>();
    for (const pair of node.items) {
      const key = isScalar(pair.key) && pair.key.tag === undefined ? pair.key.value : undefined;
      const plain = typeof key === 'string' && key !== '<<' && !refusedKeys.has(key);
      if (!plain) {
        const shown = typeof key === 'string' ? `'${key.slice(0, 64)}' is` : 'that is no plain string is';
        throw this.#refusal('DocumentKeyRefused', path, `A key ${shown} not accepted`, pair.key ?? node);
      }
      if (entries.has(key)) {
        throw this.#refusal(
          'DocumentDuplicateKey',
          joinPath(path, key),
          `The key '${key.slice(0, 64)}' is there twice`,
          pair.key,
        );
      }
      if (isScalar(pair.key) && pair.key.anchor !== undefined) this.#anchors.set(pair.key.anchor, pair.key);
      entries.set(key, this.convert(pair.value, joinPath(path, key), depth + 1));
    }
    return Object.fromEntries(entries);
  }

  #list(node: YAMLSeq, path: string, depth: number): Json {
    return node.items.map((item, index) => this.convert(item, `${path}[${index}]`, depth + 1));
  }

  #refusal(code: Parameters<typeof violation>[0], path: string, message: string, node: unknown): Refusal {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    const place = range ? ` ${placeInText(this.#text, range[0])}` : '';
    return new Refusal(violation(code, path, `${message}${place}.`));
  }
}

function joinPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
