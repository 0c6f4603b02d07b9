import type { DurableClient } from 'durable-functions';
import { ORCHESTRATION } from './names.ts';
import type { ReconcileInput } from './reconcile-baseline.ts';

/** Which reconciler a recorded request has named; null: one is at work. */
export interface PokeRequest {
  readonly baseline: string;
  readonly instanceId: string | null;
}

/**
 * Starts the reconciler of a baseline. Answers why it did not: somebody else has started it, as a rule; the timer
 * starts what was named and does not run.
 */
export async function pokeReconciler(
  client: DurableClient,
  { baseline, instanceId }: PokeRequest,
): Promise<{ readonly started: boolean; readonly why: string }> {
  if (instanceId === null) return { started: false, why: 'One is at work.' };
  const input: ReconcileInput = { version: 1, baseline, turn: 1, outcomes: [] };
  try {
    await client.startNew(ORCHESTRATION.reconcile, { instanceId, input });
    return { started: true, why: '' };
  } catch (error) {
    return { started: false, why: error instanceof Error ? error.message : String(error) };
  }
}
