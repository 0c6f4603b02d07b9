import type { Caller } from '../access-control.ts';

/** A request that was let in to change something, as its events tell of it. */
export interface ResourceRequest {
  readonly kind: 'write' | 'delete' | 'action';
  /** As the catalogue spells it. */
  readonly resourceId: string;
  /** `Microsoft.Network/virtualNetworks/write` */
  readonly operationName: string;
  readonly caller: Caller;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly correlationId: string;
  readonly clientRequestId?: string;
  /** The resource did not exist before. */
  readonly creates: boolean;
}

/** How a request ended. */
export type ResourceOutcome = 'Success' | 'Failure' | 'Cancel';
