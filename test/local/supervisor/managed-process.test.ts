import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { reportIn } from '../../../local/supervisor/managed-process.ts';

const REPORT = '{"ready":true,"functions":"http://127.0.0.1:1"}';

describe('reportIn', () => {
  it('finds the report among log lines', () => {
    expect(reportIn(`starting\n{"level":"info"}\n{ not JSON\n${REPORT}\nmore\n`)).toEqual(JSON.parse(REPORT));
  });

  it('waits for the whole line', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: REPORT.length }), (length) => {
        expect(reportIn(REPORT.slice(0, length))).toBeUndefined();
      }),
    );
    expect(reportIn(`${REPORT}\n`)).toBeDefined();
  });

  it('takes nothing else for it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(reportIn(`${JSON.stringify({ ready: false, value })}\n${JSON.stringify(value)}\n`)).toBeUndefined();
      }),
    );
  });
});
