import { Collection, type Documents } from './documents.ts';
import { isJsonObject, type Json } from './json.ts';

/** What goes wrong with a request. */
export type FaultEffect =
  /** Answered instead of by the service. */
  | { readonly kind: 'answer'; readonly status: number; readonly code: string; readonly retryAfterSeconds?: number }
  /** Done, but the answer comes late, in wall seconds. */
  | { readonly kind: 'hang'; readonly seconds: number }
  /** The connection is cut: before the service has done anything, or after it has done everything. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' }
  /** Accepted, and its operation fails; what is done at once is refused with the code instead. */
  | { readonly kind: 'fail-operation'; readonly code: string }
  /** Accepted, and its operation takes so long, in simulated seconds; what is done at once is not delayed. */
  | { readonly kind: 'slow-operation'; readonly seconds: number };

export interface Fault {
  /** Absent: any method. */
  readonly method?: string;
  /** A regular expression over the whole URL, without case. Absent: any. */
  readonly url?: string;
  /** How often yet. */
  readonly times: number;
  readonly effect: FaultEffect;
}

/** Faults that wait for their requests, in the order given; survive a restart. */
export class Faults {
  readonly #faults: Collection<Fault>;
  #next: number;

  constructor(documents: Documents) {
    this.#faults = new Collection<Fault>(documents, 'faults');
    this.#next = Math.max(0, ...[...this.#faults.entries()].map(([key]) => Number(key) + 1));
  }

  add(fault: Fault): void {
    this.#faults.set(String(this.#next++), fault);
  }

  clear(): void {
    for (const [key] of [...this.#faults.entries()]) this.#faults.delete(key);
  }

  all(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  /** The first fault that fits, used up by one. */
  take(method: string, url: string): FaultEffect | undefined {
    for (const [key, fault] of this.#faults.entries()) {
      if (fault.method !== undefined && fault.method.toUpperCase() !== method.toUpperCase()) continue;
      if (fault.url !== undefined && !new RegExp(fault.url, 'i').test(url)) continue;
      if (fault.times > 1) this.#faults.set(key, { ...fault, times: fault.times - 1 });
      else this.#faults.delete(key);
      return fault.effect;
    }
    return undefined;
  }
}

/** Reads `{match: {method, url}, times, then}`. Answers a sentence that says what is wrong with it. */
export function readFault(value: Json): Fault | string {
  if (!isJsonObject(value)) return 'A fault is an object: {match, times, then}.';
  const match = value.match ?? {};
  if (!isJsonObject(match)) return 'match is an object: {method, url}.';
  const { method, url } = match;
  if (method !== undefined && typeof method !== 'string') return 'match.method is a string.';
  if (url !== undefined && (typeof url !== 'string' || !isPattern(url))) return 'match.url is a regular expression.';
  const times = value.times ?? 1;
  if (typeof times !== 'number' || !Number.isInteger(times) || times < 1) return 'times is a whole number from 1.';
  const effect = readEffect(value.then);
  if (typeof effect === 'string') return effect;
  return {
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { url }),
    times,
    effect,
  };
}

function readEffect(then: Json | undefined): FaultEffect | string {
  if (!isJsonObject(then))
    return 'then is an object: {status, code, retryAfterSeconds}, {hangSeconds}, {drop}, {failOperation} or {operationSeconds}.';
  const { status, code, retryAfterSeconds, hangSeconds, drop, failOperation, operationSeconds } = then;
  if (typeof failOperation === 'string') return { kind: 'fail-operation', code: failOperation };
  if (typeof operationSeconds === 'number' && operationSeconds >= 0)
    return { kind: 'slow-operation', seconds: operationSeconds };
  if (drop === true || drop === 'after') return { kind: 'drop', when: 'after' };
  if (drop === 'before') return { kind: 'drop', when: 'before' };
  if (typeof hangSeconds === 'number' && hangSeconds >= 0) return { kind: 'hang', seconds: hangSeconds };
  if (typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599) {
    if (retryAfterSeconds !== undefined && typeof retryAfterSeconds !== 'number')
      return 'retryAfterSeconds is a number.';
    return {
      kind: 'answer',
      status,
      code: typeof code === 'string' ? code : 'InternalServerError',
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
  return 'then says none of: status (400 to 599), hangSeconds, drop (true, "before", "after"), failOperation, operationSeconds.';
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
