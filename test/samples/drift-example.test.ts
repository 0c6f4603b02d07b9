import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { validateSpecDocument } from '../../lib/baseline/validate.ts';

describe('the example of rules about drift', () => {
  it('binds something in the sample that it is written for', () => {
    const example = /^ {4}drift:\n(?: {6}.*\n)+/m.exec(readFileSync('samples/README.md', 'utf8'))?.[0] ?? '';
    const sample = parse(readFileSync('samples/aks-baseline.yaml', 'utf8'));
    const spec = { ...sample, ...parse(example) };
    const validated = (one: unknown) =>
      validateSpecDocument(Buffer.from(stringify(one)), 'application/yaml', { todayIso: '2026-11-20' });

    expect(spec.drift.policies).toHaveLength(3);
    expect(validated(spec)).toMatchObject({ ok: true, warnings: validated(sample).warnings });
  });
});
