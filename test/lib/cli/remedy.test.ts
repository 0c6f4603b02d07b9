import { describe, expect, it } from '@jest/globals';
import { API_ERRORS, type ApiErrorCode } from '../../../lib/api/errors.ts';
import { cliRemedy } from '../../../lib/cli/remedy.ts';
import { baselineNotFound } from '../../../lib/state/baseline-store.ts';

const codes = Object.keys(API_ERRORS) as readonly ApiErrorCode[];

describe('cliRemedy', () => {
  it.each(codes)('says nothing of HTTP for %s', (code) => {
    expect(cliRemedy(code, API_ERRORS[code].remedy, 'hubkeeper')).not.toMatch(/HTTP|GET |PUT |header|Retry-After/);
  });

  it('turns a call that the app names into a command', () => {
    const { code, remedy } = baselineNotFound('prod').problem;

    expect(cliRemedy(code, remedy, 'npm run hubkeeper --')).toBe('List the baselines: npm run hubkeeper -- status');
  });

  it('keeps what the app knows better', () => {
    expect(cliRemedy('Conflict', 'End adjustments that are not needed any more.', 'hubkeeper')).toBe(
      'End adjustments that are not needed any more.',
    );
    expect(cliRemedy('ModeForbidsDelete', 'Set it to full.', 'hubkeeper')).toBe('Set it to full.');
  });
});
