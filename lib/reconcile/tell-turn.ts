import type { Dependencies } from '../dependencies.ts';
import type { RunDocument } from '../state/run.ts';
import { tellTopic } from './tell-topic.ts';

/** More lines than a turn can have. */
const LINES_OF_A_TURN = 100_000;

export type TurnDependencies = Pick<Dependencies, 'journal' | 'drift' | 'events'>;

/** What a run has to tell at the beginning of a turn, or when another one's document is made from it. */
export const NOTHING_TO_TELL = { outbox: [], drift: null, events: [] } as const satisfies Partial<RunDocument>;

/**
 * Brings what a turn has decided to where people look: its lines into the journal, what it learned of drift into the
 * record, its events to the topic. Only once the run is written; may run twice.
 */
export async function tellTurn(
  dependencies: TurnDependencies,
  { outbox, drift, events = [], operationId, trigger, stamp }: RunDocument,
): Promise<void> {
  // Turns may share a moment: their lines stay in the order in which they were decided, whoever tells them again.
  const turn = Number(stamp.slice(stamp.lastIndexOf(':') + 1)) || 0;
  await dependencies.journal.append(outbox.map((line, at) => ({ ...line, order: turn * LINES_OF_A_TURN + at })));
  if (drift) await dependencies.drift.write(drift);
  for (const event of events) await tellTopic(dependencies, event, { operationId, trigger });
}
