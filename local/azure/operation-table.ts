import { randomUUID } from 'node:crypto';
import type { ArmError } from './arm-error.ts';
import { idKey } from './arm-path.ts';
import { Collection, type Documents } from './documents.ts';
import type { Json, JsonObject } from './json.ts';
import { collide } from './lock-collision.ts';
import type { ActionRequest, AsyncStyle, ResourceLock, RunningOperation } from './resource-type.ts';

export type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

/** A long operation from its acceptance on; ended ones are kept, so that late polls and counts find them. */
export interface Operation extends RunningOperation {
  readonly work: 'write' | 'delete' | 'action' | 'group-delete';
  readonly subscription: string;
  readonly namespace: string;
  readonly location: string;
  readonly apiVersion: string;
  /** Makes its URL impossible to guess or to build. */
  readonly signature: string;
  readonly principal: string;
  readonly style: AsyncStyle;
  readonly status: OperationStatus;
  /** When it ended in fact. */
  readonly endedMs?: number;
  readonly error?: ArmError;
  /** Ends it as failed, whatever the provider would say. */
  readonly failWith?: ArmError;
  /** The body that the resource has again when it has failed; absent: it keeps what was written. */
  readonly restore?: JsonObject;
  /** Ids of all resources that show the running state meanwhile. */
  readonly touched: readonly string[];
  /** The operation that this one is a part of: the deletion of the group around. */
  readonly causedBy?: string;
  readonly action?: { readonly name: string; readonly request: ActionRequest };
  /** What the result URL answers once it has succeeded. */
  readonly result?: Json;
}

/** Operations by their guid. */
export class OperationTable {
  readonly #operations: Collection<Operation>;
  readonly #running = new Map<string, Operation>();
  #peakParallel: number;

  constructor(documents: Documents) {
    this.#operations = new Collection<Operation>(documents, 'operations');
    for (const operation of this.#operations.values()) {
      if (operation.status === 'InProgress') this.#running.set(operation.id, operation);
    }
    this.#peakParallel = peakOf([...this.#operations.values()]);
  }

  get peakParallel(): number {
    return this.#peakParallel;
  }

  get(id: string): Operation | undefined {
    return this.#operations.get(id.toLowerCase());
  }

  all(): readonly Operation[] {
    return [...this.#operations.values()];
  }

  running(): readonly Operation[] {
    return [...this.#running.values()];
  }

  put(operation: Operation): void {
    this.#operations.set(operation.id, operation);
    if (operation.status === 'InProgress') this.#running.set(operation.id, operation);
    else this.#running.delete(operation.id);
    this.#peakParallel = Math.max(this.#peakParallel, this.#running.size);
  }

  /** The running operations that stand in the way of these locks. */
  inTheWay(locks: readonly ResourceLock[]): readonly Operation[] {
    return this.running().filter((operation) =>
      operation.locks.some((held) => locks.some((wanted) => collide(held, wanted))),
    );
  }

  /** The operation that runs on exactly this resource, or else one that holds it. */
  on(id: string): Operation | undefined {
    const key = idKey(id);
    return (
      this.running().find((operation) => idKey(operation.resourceId) === key) ??
      this.inTheWay([{ id, mode: 'exclusive' }])[0]
    );
  }
}

export function newOperationId(): string {
  return randomUUID();
}

function peakOf(operations: readonly Operation[]): number {
  const moments = operations
    .flatMap((operation) => [
      { atMs: operation.startMs, step: 1 },
      { atMs: operation.endedMs ?? Number.POSITIVE_INFINITY, step: -1 },
    ])
    .sort((one, other) => one.atMs - other.atMs || one.step - other.step);
  let now = 0;
  let peak = 0;
  for (const { step } of moments) {
    now += step;
    peak = Math.max(peak, now);
  }
  return peak;
}
