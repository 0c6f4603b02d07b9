import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readDocument } from '../../../lib/baseline/document.ts';
import { unreadableDocuments } from '../../support/unreadable-documents.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const hasControlCharacter = (text: string) => [...text].some((character) => character < ' ');
const yaml = (text: string) => readDocument(bytesOf(text), 'application/yaml');

describe('reading a document', () => {
  it.each(unreadableDocuments)('refuses $what as $code', ({ code, bytes, contentType, place }) => {
    const result = readDocument(bytes, contentType);

    expect(result.ok ? [] : result.violations.map((entry) => entry.code)).toEqual([code]);
    expect(result.ok ? '' : result.violations[0]?.message).toContain(place ?? '.');
  });

  it.each(['application/yaml', 'text/yaml; charset=UTF-8', 'application/x-yaml', undefined, ' '])(
    'reads YAML as %p',
    (contentType) => {
      expect(readDocument(bytesOf('a: 1'), contentType)).toEqual({ ok: true, value: { a: 1 } });
    },
  );

  it('tolerates a byte order mark and Windows line ends', () => {
    expect(yaml('\ufeffa: 1\r\nb: two\r\n')).toEqual({ ok: true, value: { a: 1, b: 'two' } });
    expect(readDocument(bytesOf('\ufeff{"a": 1}\r\n'), 'application/json')).toEqual({ ok: true, value: { a: 1 } });
  });

  it('reads JSON as YAML, be it all on one line', () => {
    const value = { a: Array.from({ length: 100 }, (_, index) => ({ name: `n${index}`, value: -1 - index })) };

    expect(yaml(JSON.stringify(value))).toEqual({ ok: true, value });
  });

  it('reads YAML 1.2: yes, on and dates are text, 0o17 is a number', () => {
    expect(yaml('a: yes\nb: on\nc: 2026-11-20\nd: 0o17\ne: ~\nf: True')).toEqual({
      ok: true,
      value: { a: 'yes', b: 'on', c: '2026-11-20', d: 15, e: null, f: true },
    });
  });

  it('expands aliases into values that share nothing', () => {
    const result = yaml('a: &x {y: [1]}\nb: *x');

    expect(result).toEqual({ ok: true, value: { a: { y: [1] }, b: { y: [1] } } });
    expect(result.ok && result.value.a === result.value.b).toBe(false);
  });

  it('takes an anchor that is set anew as YAML does: the last one before the alias', () => {
    expect(yaml('a: &x 1\nb: &x 2\nc: *x')).toEqual({ ok: true, value: { a: 1, b: 2, c: 2 } });
  });

  it('gives back whatever JSON and YAML can both say', () => {
    const key = fc
      .string({ maxLength: 12 })
      .filter((text) => !['__proto__', 'constructor', 'prototype', '<<'].includes(text) && !hasControlCharacter(text));
    const scalar = fc.oneof(
      fc.string({ maxLength: 20 }).filter((text) => !hasControlCharacter(text)),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        scalar,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 5 }), (object) => {
        const plain: unknown = JSON.parse(JSON.stringify(object));

        expect(readDocument(bytesOf(JSON.stringify(plain)), 'application/json')).toEqual({ ok: true, value: plain });
        expect(yaml(stringify(plain))).toEqual({ ok: true, value: plain });
      }),
    );
  });

  it('answers for any bytes, and agrees with JSON.parse on what JSON is', () => {
    const jsonish = fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789eE+-.truefalsn \\'), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(jsonish, fc.string(), fc.json()), (text) => {
        const result = readDocument(bytesOf(text), 'application/json');
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          parsed = undefined;
        }
        if (result.ok) expect(result.value).toEqual(parsed);
        else if (result.violations[0]?.code === 'DocumentSyntax') expect(parsed).toBeUndefined();
        expect(typeof yaml(text).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('answers for any byte sequence', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('application/yaml', 'application/json'),
        (bytes, contentType) => {
          expect(typeof readDocument(bytes, contentType).ok).toBe('boolean');
        },
      ),
    );
  });
});
