import type { HistoryEvent } from '../../local/host/history-event.ts';

/** Recorded histories of one orchestration, as they lie in `test/golden`. */
export interface GoldenHistory {
  /** Name of the orchestrator. */
  readonly orchestrator: string;
  /** What was run. */
  readonly story: string;
  /** One history for each generation, in order; each but the last is one that was still going on. */
  readonly generations: readonly (readonly PackedEvent[])[];
}

/** An event without what is the same in all of its kind: see `unpack`. */
export type PackedEvent = Partial<HistoryEvent> & Pick<HistoryEvent, 'EventType'>;

/** When recorded stories begin, whenever they were recorded. */
const STORY_BEGINS = '2026-01-05T08:00:00.000Z';

const ORCHESTRATOR_STARTED = 12;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,7})?Z/g;
const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const LOOPBACK = /https?:\/\/127\.0\.0\.1:\d+/g;
/** Azure signs the addresses of its operations. */
const SIGNATURE = /([?&][tcsh]=)[\w.-]+/g;

/** Leaves out what `unpack` brings back: most of a history is the same again and again. */
export function pack(history: readonly HistoryEvent[]): readonly PackedEvent[] {
  return history.map(({ EventId, IsPlayed: _, Timestamp, ...event }) => {
    const members = Object.entries({
      ...event,
      ...(EventId === -1 ? {} : { EventId }),
      ...(event.EventType === ORCHESTRATOR_STARTED ? { Timestamp } : {}),
    });
    return Object.fromEntries(members.filter(([, value]) => value !== null)) as unknown as PackedEvent;
  });
}

/** Events in wire form: those of one turn have the time at which it began. */
export function unpack(packed: readonly PackedEvent[]): readonly HistoryEvent[] {
  let time = STORY_BEGINS;
  return packed.map((event) => {
    time = event.Timestamp ?? time;
    return { EventId: -1, IsPlayed: false, Timestamp: time, Version: null, Input: null, Result: null, ...event };
  });
}

/**
 * Takes out what belongs to the machine and the moment of the recording: addresses, ids that are drawn and times, which
 * keep their distances. GUIDs in `kept` stay.
 */
export function scrub(history: GoldenHistory, beganAt: string, kept: readonly string[]): GoldenHistory {
  const shiftMs = Date.parse(STORY_BEGINS) - Date.parse(beganAt);
  const drawn = new Map<string, string>();
  const stand = (guid: string): string => {
    if (kept.includes(guid.toLowerCase())) return guid;
    const known = drawn.get(guid) ?? `00000000-0000-4000-9000-${String(drawn.size + 1).padStart(12, '0')}`;
    drawn.set(guid, known);
    return known;
  };
  const text = JSON.stringify(history)
    .replace(LOOPBACK, 'https://management.azure.com')
    .replace(SIGNATURE, '$1drawn')
    .replace(TIME, (time) => new Date(Date.parse(time) + shiftMs).toISOString())
    .replace(GUID, stand);
  const scrubbed = JSON.parse(text) as GoldenHistory;
  return {
    ...scrubbed,
    generations: scrubbed.generations.map((events, index) =>
      events.map((event) =>
        event.OrchestrationInstance === undefined
          ? event
          : {
              ...event,
              OrchestrationInstance: {
                ...event.OrchestrationInstance,
                ExecutionId: String(index + 1).padStart(32, '0'),
              },
            },
      ),
    ),
  };
}
