import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import * as z from 'zod';
import { adjustmentRequest } from '../../../lib/api/adjustment.ts';
import { approvalRequest } from '../../../lib/api/approval.ts';
import { reconcileRequest } from '../../../lib/api/baseline.ts';
import { API_ERRORS, check, errorList, errorOf } from '../../../lib/api/errors.ts';
import { holdRequest } from '../../../lib/api/hold.ts';
import { pauseRequest } from '../../../lib/api/pause.ts';

const requests = { adjustmentRequest, approvalRequest, holdRequest, pauseRequest, reconcileRequest };

describe('check', () => {
  it('gives the value when nothing is wrong', () => {
    expect(check(pauseRequest, { reason: 'Azure outage' })).toEqual({ ok: true, value: { reason: 'Azure outage' } });
  });

  it('lists everything that is wrong at once, each with its place', () => {
    const result = check(holdRequest, { owner: 'duty', until: 'tomorrow', scopes: 'hub' });

    expect(result).toMatchObject({
      ok: false,
      errors: expect.arrayContaining([
        expect.objectContaining({ code: 'MissingField', path: 'reason', message: 'reason is missing.' }),
        expect.objectContaining({
          code: 'InvalidRequest',
          path: 'until',
          message: expect.stringContaining('with a zone'),
        }),
        expect.objectContaining({ code: 'UnknownField', path: 'scopes', message: 'There is no field "scopes" here.' }),
      ]),
    });
  });

  it('tells a field of the wrong type from a missing one', () => {
    expect(check(pauseRequest, { reason: 7 })).toMatchObject({ errors: [{ code: 'InvalidRequest', path: 'reason' }] });
    expect(check(pauseRequest, undefined)).toMatchObject({ errors: [{ code: 'InvalidRequest', path: '' }] });
  });

  it('names places inside lists as specs do', () => {
    const result = check(z.strictObject({ spokes: z.array(z.strictObject({ name: z.string() })) }), {
      spokes: [{ name: 'a' }, { nam: 'b' }],
    });

    expect(result.ok ? [] : result.errors.map((error) => error.path)).toEqual(['spokes[1].name', 'spokes[1].nam']);
  });

  it('puts the root before a path', () => {
    expect(check(z.object({ since: z.string() }), {}, 'query')).toMatchObject({ errors: [{ path: 'query.since' }] });
  });

  it('says what a union wants by its first member', () => {
    expect(check(reconcileRequest, { scope: 'no scope' })).toMatchObject({
      errors: [{ path: 'scope', message: 'scope must be a scope such as egress or spoke:web.' }],
    });
  });

  it.each(Object.entries(requests))(
    '%s: whatever is sent, the answer is a value or a list of errors',
    (_name, schema) => {
      fc.assert(
        fc.property(fc.jsonValue(), (value) => {
          const result = check<unknown>(schema, value);

          if (result.ok) return;
          expect(result.errors.length).toBeGreaterThan(0);
          expect(errorList.safeParse({ errors: result.errors }).success).toBe(true);
          for (const error of result.errors) {
            expect(error.message).toMatch(/\.$/);
            expect(error.remedy).toMatch(/\.$/);
          }
        }),
      );
    },
  );

  it.each(Object.entries(requests))('%s: refuses fields that it does not know', (_name, schema) => {
    const result = check<unknown>(schema, { surprise: 1 });

    expect(result.ok ? [] : result.errors.map((error) => error.code)).toContain('UnknownField');
  });
});

describe('API_ERRORS', () => {
  it('gives every code an error status and a remedy in one sentence', () => {
    for (const [code, { status, remedy }] of Object.entries(API_ERRORS)) {
      expect(code).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(remedy).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('takes a better remedy where the call knows one', () => {
    expect(errorOf('StalePlan', 'It moved.').remedy).toBe(API_ERRORS.StalePlan.remedy);
    expect(errorOf('StalePlan', 'It moved.', { remedy: 'Plan again.', path: 'planHash' })).toEqual({
      code: 'StalePlan',
      path: 'planHash',
      message: 'It moved.',
      remedy: 'Plan again.',
    });
  });
});
