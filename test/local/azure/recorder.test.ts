import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../local/azure/json.ts';
import { Recorder, withoutSecrets } from '../../../local/azure/recorder.ts';

describe('Recorder', () => {
  it('writes lines without tokens and secrets', () => {
    const directory = mkdtempSync(join(tmpdir(), 'recorder-'));
    const file = join(directory, 'deep', 'exchanges.jsonl');
    const recorder = new Recorder(file);
    const exchange = {
      method: 'PUT',
      url: 'https://127.0.0.1/x',
      status: 200,
      requestHeaders: { authorization: 'Bearer abc', accept: '*/*' },
      requestBody: { properties: { sharedKey: 'abc', colour: 'red', values: [{ secret: true, value: 'abc' }] } },
      responseHeaders: {},
      responseBody: null,
    };
    recorder.record(exchange);
    recorder.record({ ...exchange, method: 'GET' });
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      ...exchange,
      requestHeaders: { authorization: 'REDACTED', accept: '*/*' },
      requestBody: {
        properties: { sharedKey: 'REDACTED', colour: 'red', values: [{ secret: true, value: 'REDACTED' }] },
      },
    });
    rmSync(directory, { recursive: true });
  });

  it('finds secrets wherever they stand and leaves all else as it is', () => {
    const names = fc.constantFrom('sharedKey', 'password', 'connectionString', 'primaryKey');
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('id', 'name', 'value', 'tags'), fc.jsonValue()),
        names,
        (plain, name) => {
          const wrapped = (secret: string): Json => [{ outer: { [name]: secret, [`${name}Id`]: 'kept' } }];
          expect(JSON.stringify(withoutSecrets(wrapped('hunter2')))).not.toContain('hunter2');
          expect(withoutSecrets(wrapped('REDACTED'))).toEqual(wrapped('REDACTED'));
          const value = JSON.parse(JSON.stringify(plain).replaceAll('"data"', '"other"')) as Json;
          expect(withoutSecrets(value)).toEqual(value);
        },
      ),
    );
  });
});
