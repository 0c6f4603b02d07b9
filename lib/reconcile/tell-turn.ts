import type { Dependencies } from '../dependencies.ts';
import type { RunDocument } from '../state/run.ts';
import { tellTopic } from './tell-topic.ts';

export type TurnDependencies = Pick<Dependencies, 'journal' | 'drift' | 'events'>;

/** What a run has to tell at the beginning of a turn, or when another one's document is made from it. */
export const NOTHING_TO_TELL = { outbox: [], drift: null, events: [] } as const satisfies Partial<RunDocument>;

/**
 * Brings what a turn has decided to where people look: its lines into the journal, what it learned of drift into the
 * record, its events to the topic. Only once the run is written; may run twice.
 */
export async function tellTurn(
  dependencies: TurnDependencies,
  { outbox, drift, events = [], operationId, trigger }: RunDocument,
): Promise<void> {
  await dependencies.journal.append(outbox);
  if (drift) await dependencies.drift.write(drift);
  for (const event of events) await tellTopic(dependencies, event, { operationId, trigger });
}
