import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REACTION_MODES } from '../../../lib/plan/reaction-rules.ts';
import { modeForSeverities } from '../../../lib/reactions/severity-mode.ts';

const severity = fc.constantFrom(
  'Sev0' as const,
  'Sev1' as const,
  'Sev2' as const,
  'Sev3' as const,
  'Sev4' as const,
  null,
);
const mode = fc.constantFrom(...REACTION_MODES);

describe('modeForSeverities', () => {
  it.each([
    ['Sev0', 'act'],
    ['Sev1', 'act'],
    ['Sev2', 'act'],
    ['Sev3', 'propose'],
    ['Sev4', 'propose'],
    [null, 'propose'],
  ] as const)('%s may %s', (one, expected) => {
    expect(modeForSeverities('act', [one])).toBe(expected);
  });

  it('never makes a mode laxer, and at most lowers act to propose', () => {
    fc.assert(
      fc.property(mode, fc.array(severity), (own, severities) => {
        const lowered = modeForSeverities(own, severities);
        expect(lowered === own || (own === 'act' && lowered === 'propose')).toBe(true);
      }),
    );
  });

  it('goes by the gravest, in whatever order they are', () => {
    fc.assert(
      fc.property(fc.array(severity), (others) => {
        expect(modeForSeverities('act', [...others, 'Sev1'])).toBe('act');
        expect(modeForSeverities('act', others.toReversed())).toBe(modeForSeverities('act', others));
      }),
    );
  });
});
