import { Collection, type Documents } from '../documents.ts';
import { isJsonObject, type Json } from '../json.ts';
import type { ResourceEvent } from './resource-event.ts';

/** What becomes of an event that would otherwise come as all others do. */
export interface EventFault {
  /** Regular expressions, without case. Absent: any. */
  readonly subject?: string;
  readonly eventType?: string;
  /** How often yet. */
  readonly times: number;
  readonly effect:
    | { readonly kind: 'drop' }
    | { readonly kind: 'delay'; readonly seconds: number }
    | { readonly kind: 'copies'; readonly copies: number };
}

/** Faults that wait for their events, in the order given; survive a restart. */
export class EventFaults {
  readonly #faults: Collection<EventFault>;
  #next: number;

  constructor(documents: Documents) {
    this.#faults = new Collection<EventFault>(documents, 'event-faults');
    this.#next = Math.max(0, ...[...this.#faults.entries()].map(([key]) => Number(key) + 1));
  }

  add(fault: EventFault): void {
    this.#faults.set(String(this.#next++), fault);
  }

  clear(): void {
    for (const [key] of [...this.#faults.entries()]) this.#faults.delete(key);
  }

  all(): readonly EventFault[] {
    return [...this.#faults.values()];
  }

  /** The first fault that fits, used up by one. */
  take({ subject, eventType }: ResourceEvent): EventFault['effect'] | undefined {
    for (const [key, fault] of this.#faults.entries()) {
      if (!fits(fault.subject, subject) || !fits(fault.eventType, eventType)) continue;
      if (fault.times > 1) this.#faults.set(key, { ...fault, times: fault.times - 1 });
      else this.#faults.delete(key);
      return fault.effect;
    }
    return undefined;
  }
}

function fits(pattern: string | undefined, text: string): boolean {
  return pattern === undefined || new RegExp(pattern, 'i').test(text);
}

/** Reads `{match: {subject, eventType}, times, then}`. Answers a sentence that says what is wrong with it. */
export function readEventFault(value: Json): EventFault | string {
  if (!isJsonObject(value)) return 'An event fault is an object: {match, times, then}.';
  const match = value.match ?? {};
  if (!isJsonObject(match)) return 'match is an object: {subject, eventType}.';
  const { subject, eventType } = match;
  if (!isPattern(subject) || !isPattern(eventType)) return 'match.subject and match.eventType are regular expressions.';
  const times = value.times ?? 1;
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1) return 'times is a whole number from 1.';
  const effect = readEffect(value.then);
  if (typeof effect === 'string') return effect;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(eventType === undefined ? {} : { eventType }),
    times,
    effect,
  };
}

function readEffect(then: Json | undefined): EventFault['effect'] | string {
  const { drop, delaySeconds, copies } = isJsonObject(then) ? then : {};
  if (drop === true) return { kind: 'drop' };
  if (typeof delaySeconds === 'number' && delaySeconds >= 0) return { kind: 'delay', seconds: delaySeconds };
  if (typeof copies === 'number' && Number.isInteger(copies) && copies >= 0) return { kind: 'copies', copies };
  return 'then is one of {drop: true}, {delaySeconds} and {copies}, numbers from 0.';
}

function isPattern(value: Json | undefined): value is string | undefined {
  if (value === undefined) return true;
  if (typeof value !== 'string') return false;
  try {
    new RegExp(value);
    return true;
  } catch {
    return false;
  }
}
