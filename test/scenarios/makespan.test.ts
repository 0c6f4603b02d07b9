import { afterEach, describe, expect, it } from '@jest/globals';
import { type Body, boundOf } from '../../bench/support/bound.ts';
import { specWithSpokes } from '../../bench/support/spoke-specs.ts';
import { provision, resources, sampleSpec, statistics } from '../support/baseline-scenario.ts';
import { startEnvironment, type TestEnvironment } from '../support/environment.ts';

let environment: TestEnvironment | undefined;

afterEach(() => environment?.stop());

describe('a provisioning', () => {
  it.each([
    ['of the sample', 'aks-baseline', sampleSpec()],
    ['of a hub with ten spokes', 'spokes-10', specWithSpokes(10)],
  ])(
    '%s takes at most a tenth longer than its longest chain or heaviest lane',
    async (_, name, spec) => {
      environment = await startEnvironment();

      const { state, errors } = await provision(environment, name, spec);

      expect({ state, errors }).toEqual({ state: 'succeeded', errors: [] });
      const { operations } = await statistics(environment);
      const bodies: readonly Body[] = [...(await resources(environment)).values()];
      const { ratio, ...measured } = boundOf(operations, bodies);
      expect(measured.boundSeconds).toBeGreaterThan(0);
      expect({ ...measured, isNear: ratio <= 1.1 }).toEqual({ ...measured, isNear: true });
    },
    120_000,
  );
});
