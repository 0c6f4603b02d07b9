import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { etagOfVersion, versionOfIfMatch } from '../../../lib/api/version.ts';

describe('versionOfIfMatch', () => {
  it('reads back the tag of any version', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (version) => {
        expect(versionOfIfMatch(etagOfVersion(version))).toEqual({ ok: true, value: version });
      }),
    );
  });

  it.each([
    [undefined, null],
    [null, null],
    ['*', 'any'],
    [' "7" ', 7],
  ])('%j means %j', (header, value) => {
    expect(versionOfIfMatch(header)).toEqual({ ok: true, value });
  });

  it.each(['7', 'W/"7"', '"7", "8"', '"x"', '""', '"1e3"', ''])('refuses %j and says how to get it right', (header) => {
    expect(versionOfIfMatch(header)).toMatchObject({
      ok: false,
      errors: [{ code: 'InvalidRequest', path: 'If-Match' }],
    });
  });
});
