import type { ViolationCode } from '../../lib/baseline/violation-codes.ts';

/** Bytes that are no document, with the code that reading must report. */
export interface UnreadableDocument {
  readonly code: ViolationCode;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Part of the message, mostly line and column. */
  readonly place?: string;
}

const yamlType = 'application/yaml';
const jsonType = 'application/json';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const yaml = (code: ViolationCode, what: string, text: string, place?: string): UnreadableDocument => ({
  code,
  what,
  bytes: bytesOf(text),
  contentType: yamlType,
  ...(place === undefined ? {} : { place }),
});
const json = (code: ViolationCode, what: string, text: string, place?: string): UnreadableDocument => ({
  ...yaml(code, what, text, place),
  contentType: jsonType,
});

const laughs = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...'bcdefgh'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(', ')}]`),
].join('\n');

export const unreadableDocuments: readonly UnreadableDocument[] = [
  yaml('DocumentTooLarge', 'one byte too many', `a: ${'x'.repeat(256 * 1024 - 2)}`),
  { ...yaml('DocumentTypeUnsupported', 'XML', '<a/>'), contentType: 'application/xml' },
  { ...yaml('DocumentTypeUnsupported', 'another charset', 'a: 1'), contentType: 'application/yaml; charset=utf-16' },
  { ...yaml('DocumentTypeUnsupported', 'a name of every object', 'a: 1'), contentType: 'constructor' },
  { ...yaml('DocumentNotText', 'invalid UTF-8', ''), bytes: Uint8Array.of(0x61, 0x3a, 0xff, 0xfe) },
  yaml('DocumentNotText', 'NUL', 'a: 1\nb: \u0000', '(line 2, column 4)'),
  { ...yaml('DocumentNotText', 'UTF-16', ''), bytes: Uint8Array.of(0xff, 0xfe, 0x61, 0) },
  yaml('DocumentEmpty', 'nothing', ''),
  yaml('DocumentEmpty', 'blanks', ' \n\n'),
  yaml('DocumentEmpty', 'a comment', '# nothing\n'),
  json('DocumentEmpty', 'null', 'null'),
  yaml('DocumentNotAnObject', 'a list', '- a'),
  yaml('DocumentNotAnObject', 'a scalar', 'hello'),
  json('DocumentNotAnObject', 'a list in JSON', '[]'),
  yaml('DocumentSyntax', 'a flow that does not end', 'a: [1, 2', '(line 1, column'),
  yaml('DocumentSyntax', 'indentation by tab', 'a:\n\tb: 1', '(line 2, column 1)'),
  json('DocumentSyntax', 'a comma too many', '{"a": 1,}', '(line 1, column 9)'),
  json('DocumentSyntax', 'single quotes', "{'a': 1}", '(line 1, column 2)'),
  json('DocumentSyntax', 'a comment', '{\n// no\n}', '(line 2, column 1)'),
  json('DocumentSyntax', 'something after the end', '{} {}', '(line 1, column 4)'),
  json('DocumentSyntax', 'a bad escape', '{"a": "\\x"}', '(line 1, column 7)'),
  json('DocumentSyntax', 'a missing value', '{"a": }', '(line 1, column 7)'),
  json('DocumentSyntax', 'a leading zero', '{"a": 01}', '(line 1, column 8)'),
  yaml('DocumentSeveral', 'two documents', 'a: 1\n---\nb: 2', '(line 2, column 1)'),
  yaml('DocumentDuplicateKey', 'a key twice', 'a:\n  b: 1\n  b: 2', '(line 3, column 3)'),
  json('DocumentDuplicateKey', 'a key twice in JSON', '{"a": 1,\n "a": 2}', '(line 2, column 2)'),
  json('DocumentDuplicateKey', 'a key twice, escaped', '{"a": 1, "\\u0061": 2}'),
  yaml('DocumentKeyRefused', 'a prototype', '__proto__: {x: 1}', '(line 1, column 1)'),
  yaml('DocumentKeyRefused', 'a constructor', 'a: {constructor: 1}'),
  json('DocumentKeyRefused', 'a prototype in JSON', '{"a": {"__proto__": {}}}', '(line 1, column 8)'),
  yaml('DocumentKeyRefused', 'a merge key', 'a: &a {x: 1}\nb:\n  <<: *a', '(line 3, column 3)'),
  yaml('DocumentKeyRefused', 'a number', '1: x'),
  yaml('DocumentKeyRefused', 'a list', '? [a]\n: x'),
  yaml('DocumentKeyRefused', 'an alias', 'a: &a x\n*a : y'),
  yaml('DocumentTagRefused', 'a tag of its own', 'a: !secret x', '(line 1, column'),
  yaml('DocumentTagRefused', 'a tag of another language', 'a: !!js/function "x"'),
  yaml('DocumentTagRefused', 'binary', 'a: !!binary aGk='),
  yaml('DocumentTagRefused', 'a directive', '%YAML 1.1\n---\na: 1', '(line 1, column 1)'),
  yaml('DocumentAliasRefused', 'an unknown one', 'a: *b', '(line 1, column 4)'),
  yaml('DocumentAliasRefused', 'one that contains itself', 'a: &a\n  b: *a'),
  yaml('DocumentAliasRefused', 'too many', `a: &a 1\nb: [${Array(201).fill('*a').join(', ')}]`),
  yaml('DocumentTooDeep', 'brackets', '['.repeat(200_000)),
  yaml('DocumentTooDeep', 'dashes', '- '.repeat(100_000)),
  yaml('DocumentTooDeep', 'indentation', Array.from({ length: 40 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')),
  json('DocumentTooDeep', 'brackets in JSON', '['.repeat(200_000)),
  yaml('DocumentTooManyValues', 'ten to the eighth laughs', laughs),
  yaml('DocumentTooManyValues', 'a long list', `a: [${'1,'.repeat(60_000)}]`),
  yaml('DocumentTooManyValues', 'tokens', `a: [${'1,'.repeat(127_000)}]`),
  json('DocumentTooManyValues', 'a long list in JSON', `{"a": [${'1,'.repeat(60_000)}1]}`),
  yaml('DocumentNumberRefused', 'not a number', 'a: .nan', '(line 1, column 4)'),
  yaml('DocumentNumberRefused', 'infinity', 'a: -.inf'),
  yaml('DocumentNumberRefused', 'digits lost', 'a: 9007199254740993'),
  json('DocumentNumberRefused', 'digits lost in JSON', '{"a": 9007199254740993}', '(line 1, column 7)'),
  json('DocumentNumberRefused', 'too large', '{"a": 1e999}'),
];
