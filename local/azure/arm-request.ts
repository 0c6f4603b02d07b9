import type { FaultEffect } from './faults.ts';
import type { Json } from './json.ts';

/** A request to ARM as it came over the wire. Header names are in lower case. */
export interface ArmRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `https://127.0.0.1:7072`: what the client believes to be ARM. */
  readonly baseUrl: string;
}

export interface ArmAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no body. */
  readonly body?: Json;
  /** What the connection shall suffer before or instead of the answer. */
  readonly fault?: Extract<FaultEffect, { readonly kind: 'hang' | 'drop' }>;
}
