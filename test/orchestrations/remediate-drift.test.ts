import { afterEach, describe, expect, it } from '@jest/globals';
import * as df from 'durable-functions';
import type { DriftRequest, DriftStep } from '../../lib/reactions/drift/drift-step.ts';
import { ACTIVITY, ORCHESTRATION } from '../../orchestrations/names.ts';
import { createRemediateDrift } from '../../orchestrations/remediate-drift.ts';
import { type Fixture, LATER, START, startFixture } from '../local/host/support/host-fixture.ts';

const ID = 'remediateDrift.0123.1';
const INPUT = { version: 1, baseline: 'north', target: 'north', instanceId: ID };

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

/** Plays the orchestration to its end with looks that answer so. */
async function play(look: (request: DriftRequest, call: number) => DriftStep) {
  const asked: DriftRequest[] = [];
  const poked: unknown[] = [];
  fixture = await startFixture({}, () => {
    df.app.orchestration(ORCHESTRATION.remediateDrift, createRemediateDrift(new df.RetryOptions(5_000, 3)));
    df.app.activity(ACTIVITY.lookAtDrift, {
      handler: (request: DriftRequest) => look(request, asked.push(request)),
    });
    df.app.activity(ACTIVITY.pokeReconciler, {
      handler: (request: unknown) => {
        poked.push(request);
        return { started: true, why: '' };
      },
    });
  });
  await fixture.start(ORCHESTRATION.remediateDrift, INPUT, ID);
  await fixture.run(LATER);
  return { asked, poked, status: await fixture.status(ID) };
}

describe('the remediation of drift', () => {
  it('looks after the pauses that it is told, pokes the reconciler, and ends', async () => {
    const steps: readonly DriftStep[] = [
      { next: 'look', seconds: 5 },
      { next: 'poke', instanceId: 'reconcile.north.1', seconds: 7 },
      { next: 'look', seconds: 20 },
    ];
    const { asked, poked, status } = await play((_, call) => steps[call - 1] ?? { next: 'end' });

    expect(asked.map(({ nowIso }) => (Date.parse(nowIso) - START) / 1_000)).toEqual([0, 5, 12, 32]);
    expect(asked[0]).toMatchObject({ baseline: 'north', instanceId: ID });
    expect(poked).toEqual([{ baseline: 'north', instanceId: 'reconcile.north.1' }]);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('goes on with a fresh history however long it follows', async () => {
    const { asked, status } = await play((_, call) => (call < 200 ? { next: 'look', seconds: 20 } : { next: 'end' }));

    expect(asked).toHaveLength(200);
    expect(new Set(asked.map(({ nowIso }) => nowIso)).size).toBe(200);
    expect(status.runtimeStatus).toBe('Completed');
  });

  it('tries again what fails', async () => {
    const { asked, status } = await play((_, call) => {
      if (call < 3) throw new Error('storage is away');
      return { next: 'end' };
    });

    expect(asked).toHaveLength(3);
    expect(asked[1]).toEqual(asked[0]);
    expect(status.runtimeStatus).toBe('Completed');
  });
});
