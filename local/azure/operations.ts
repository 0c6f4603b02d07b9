import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { idKey, isBelow } from './arm-path.ts';
import type { Catalogue } from './catalogue.ts';
import type { Documents } from './documents.ts';
import { nextGroupDeletionStep } from './group-deletion.ts';
import { isJsonObject, type Json } from './json.ts';
import { newOperationId, type Operation, type OperationTable } from './operation-table.ts';
import { presentResource } from './presentation.ts';
import type { ResourceChange, ResourceChanges } from './resource-changes.ts';
import type { ResourceTable } from './resource-table.ts';
import { defaultLocks, type ResourceId, type ResourceType, type StoredResource, type World } from './resource-type.ts';

interface Parts {
  readonly catalogue: Catalogue;
  readonly resources: ResourceTable;
  readonly changes: ResourceChanges;
  readonly table: OperationTable;
  readonly world: World;
  readonly clock: Clock;
  readonly documents: Documents;
}

/** Before the first member goes. */
const GROUP_DELETION_SECONDS = 15;

type NewOperation = Omit<Operation, 'id' | 'signature' | 'status' | 'startMs' | 'endMs'>;

/** Starts long operations and brings them to their end when simulated time has come. */
export class Operations {
  readonly table: OperationTable;
  readonly #parts: Parts;
  readonly #scheduled = new Map<string, { cancel(): void }>();
  readonly #listeners: ((change: ResourceChange) => void)[] = [];
  readonly #endListeners: ((operation: Operation) => void)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.table = parts.table;
  }

  /** Takes up what was under way when the process ended. */
  resume(): void {
    for (const operation of this.table.running()) this.#schedule(operation);
  }

  onChange(listener: (change: ResourceChange) => void): void {
    this.#listeners.push(listener);
  }

  onEnd(listener: (operation: Operation) => void): void {
    this.#endListeners.push(listener);
  }

  announce(kind: ResourceChange['kind'], { id, type }: ResourceId, causedBy?: string): void {
    const atMs = this.#parts.clock.nowMs();
    const change = { kind, id, type, atMs, ...(causedBy === undefined ? {} : { causedBy }) };
    for (const listener of this.#listeners) listener(change);
  }

  start(wanted: NewOperation, durationSeconds: number, superseded: readonly Operation[] = []): Operation {
    const nowMs = this.#parts.clock.nowMs();
    const operation: Operation = {
      ...wanted,
      id: newOperationId(),
      signature: randomBytes(24).toString('base64url'),
      status: 'InProgress',
      startMs: nowMs,
      endMs: nowMs + Math.max(0, Math.round(durationSeconds * 1000)),
    };
    for (const older of superseded) this.#supersede(older, operation);
    this.table.put(operation);
    this.#schedule(operation);
    return operation;
  }

  /** Members go one after another, then the group itself. */
  startGroupDeletion(group: StoredResource, principal: string, apiVersion: string): Operation {
    const operation = this.start(
      {
        name: 'DeleteResourceGroupOperation',
        kind: 'delete',
        work: 'group-delete',
        resourceId: group.id.id,
        locks: [{ id: group.id.id, mode: 'exclusive' }],
        subscription: group.id.subscription,
        namespace: 'Microsoft.Resources',
        location: group.location ?? 'global',
        apiVersion,
        principal,
        style: 'accepted-with-location',
        touched: [group.id.id],
      },
      GROUP_DELETION_SECONDS,
    );
    this.#parts.changes.setState(group.id.id, 'Deleting');
    return operation;
  }

  /** How many operations there were on a resource. */
  countOn(id: string): number {
    const key = idKey(id);
    return this.table.all().filter((operation) => idKey(operation.resourceId) === key).length;
  }

  /** A write has succeeded: whatever follows from it. */
  settleWrite(id: string): void {
    const resource = this.#parts.resources.get(id);
    if (resource === undefined) return;
    const type = this.#parts.catalogue.require(resource.id.type);
    this.#parts.changes.apply(type.whenSettled?.(resource, this.#parts.world) ?? []);
    this.announce('written', resource.id);
  }

  /**
   * A delete has succeeded: the resource goes, with all below it, and whatever follows from it. `causedBy`: the
   * operation that it is a part of.
   */
  settleDelete(resource: StoredResource, causedBy?: string): void {
    const type = this.#parts.catalogue.require(resource.id.type);
    this.#parts.changes.remove(resource.id.id);
    this.#parts.changes.apply(type.whenDeleted?.(resource, this.#parts.world) ?? []);
    this.announce('deleted', resource.id, causedBy);
  }

  /** True if a resource's presentation shows a part with this id (`…/frontendIPConfigurations/public`). */
  shows(owner: StoredResource, partId: string): boolean {
    return hasPart(presentResource(owner, this.#parts.catalogue, this.#parts.world), idKey(partId));
  }

  #schedule(operation: Operation): void {
    const handle = this.#parts.clock.schedule(operation.endMs, () => {
      this.#scheduled.delete(operation.id);
      this.#due(operation.id);
      this.#parts.documents.flush();
    });
    this.#scheduled.set(operation.id, handle);
  }

  #due(id: string): void {
    const operation = this.table.get(id);
    if (operation === undefined || operation.status !== 'InProgress') return;
    switch (operation.work) {
      case 'group-delete':
        this.#continueGroupDeletion(operation);
        return;
      case 'action':
        this.#finishAction(operation);
        return;
      case 'delete':
        this.#finishDelete(operation);
        return;
      case 'write':
        this.#finishWrite(operation);
        return;
    }
  }

  #finishWrite(operation: Operation): void {
    const { changes, resources, catalogue, world } = this.#parts;
    const key = idKey(operation.resourceId);
    if (operation.failWith === undefined) {
      this.#end(operation, { status: 'Succeeded' });
      changes.setStates(operation.touched, 'Succeeded');
      this.settleWrite(operation.resourceId);
      return;
    }
    this.#end(operation, { status: 'Failed', error: operation.failWith });
    for (const id of operation.touched) {
      const failed = idKey(id) === key || isBelow(idKey(id), key);
      changes.setState(id, failed ? 'Failed' : 'Succeeded');
    }
    const { restore } = operation;
    if (restore !== undefined) {
      const { location, tags } = resources.get(operation.resourceId) ?? {};
      changes.put({
        id: operation.resourceId,
        body: restore,
        ...(location === undefined ? {} : { location }),
        ...(tags === undefined ? {} : { tags }),
      });
    }
    const resource = resources.get(operation.resourceId);
    if (resource === undefined) return;
    const type = catalogue.require(resource.id.type);
    changes.apply(type.whenFailed?.(resource, operation.failWith.code, world) ?? []);
  }

  #finishDelete(operation: Operation): void {
    const { changes, resources } = this.#parts;
    const resource = resources.get(operation.resourceId);
    const key = idKey(operation.resourceId);
    const failed = operation.failWith !== undefined;
    this.#end(operation, failed ? { status: 'Failed', error: operation.failWith } : { status: 'Succeeded' });
    for (const id of operation.touched) {
      if (idKey(id) !== key) changes.setState(id, 'Succeeded');
    }
    if (resource === undefined) return;
    if (failed) changes.setState(resource.id.id, 'Failed');
    else this.settleDelete(resource, operation.causedBy);
  }

  #finishAction(operation: Operation): void {
    const { resources, catalogue, changes, world } = this.#parts;
    const resource = resources.get(operation.resourceId);
    const action =
      resource === undefined || operation.action === undefined
        ? undefined
        : catalogue.require(resource.id.type).actions?.[operation.action.name];
    if (operation.failWith !== undefined) {
      this.#end(operation, { status: 'Failed', error: operation.failWith });
      return;
    }
    if (resource === undefined || action === undefined || operation.action === undefined) {
      const error = {
        status: 404,
        code: 'NotFound',
        message: `Resource ${operation.resourceId} not found.`,
        details: [],
      };
      this.#end(operation, { status: 'Failed', error });
      return;
    }
    const { answer, effects } = action.run(resource, operation.action.request, world);
    this.#end(operation, { status: 'Succeeded', result: answer });
    changes.apply(effects ?? []);
  }

  /** Removes the members that can go now, then looks again when the first of them has gone. */
  #continueGroupDeletion(operation: Operation): void {
    const { resources, clock, catalogue, world } = this.#parts;
    const group = resources.get(operation.resourceId);
    if (group === undefined) {
      this.#end(operation, { status: 'Succeeded' });
      return;
    }
    const step = nextGroupDeletionStep(group, resources, catalogue, world);
    switch (step.kind) {
      case 'done':
        this.#end(operation, { status: 'Succeeded' });
        this.settleDelete(group);
        return;
      case 'blocked':
        this.#end(operation, { status: 'Failed', error: step.error });
        this.#parts.changes.setState(group.id.id, 'Succeeded');
        return;
      case 'wait': {
        const next = { ...operation, endMs: Math.max(step.untilMs, clock.nowMs() + 1) };
        this.table.put(next);
        this.#schedule(next);
        return;
      }
      case 'delete':
        for (const member of step.members) this.#deleteMember(member, operation);
        this.#continueGroupDeletion(operation);
        return;
    }
  }

  #deleteMember(member: StoredResource, operation: Operation): void {
    const { catalogue, world, changes } = this.#parts;
    const type = catalogue.require(member.id.type);
    const style = type.asyncStyle?.('delete', undefined) ?? 'synchronous';
    if (style === 'synchronous') {
      this.settleDelete(member, operation.id);
      return;
    }
    const durationSeconds = type.durationSeconds?.('delete', undefined, () => 0.5, member, world) ?? 0;
    this.start(
      {
        name: 'DeleteResourceOperation',
        kind: 'delete',
        work: 'delete',
        resourceId: member.id.id,
        locks: locksOf(type, member, world),
        subscription: operation.subscription,
        namespace: operation.namespace,
        location: member.location ?? operation.location,
        apiVersion: operation.apiVersion,
        principal: operation.principal,
        style,
        touched: [member.id.id],
        causedBy: operation.id,
      },
      durationSeconds,
    );
    changes.setState(member.id.id, type.runningState?.('delete') ?? 'Deleting');
  }

  #supersede(older: Operation, newer: Operation): void {
    this.#scheduled.get(older.id)?.cancel();
    this.#scheduled.delete(older.id);
    const message = `Operation ${older.name} (${older.id}) was canceled and superseded by operation ${newer.name} (${newer.id}).`;
    this.#end(older, {
      status: 'Canceled',
      error: {
        status: 409,
        code: 'Canceled',
        message: 'Operation was canceled.',
        details: [{ code: 'CanceledAndSupersededDueToAnotherOperation', message }],
      },
    });
  }

  #end(operation: Operation, ending: Pick<Operation, 'status'> & Partial<Pick<Operation, 'error' | 'result'>>): void {
    const ended = { ...operation, ...ending, endedMs: this.#parts.clock.nowMs() };
    this.table.put(ended);
    for (const listener of this.#endListeners) listener(ended);
  }
}

function locksOf(type: ResourceType, resource: StoredResource, world: World): Operation['locks'] {
  return (
    type.locks?.(resource, world) ?? defaultLocks(resource.id, type.references?.(resource.id, resource.body) ?? [])
  );
}

function hasPart(value: Json, partKey: string): boolean {
  if (Array.isArray(value)) return value.some((item) => hasPart(item, partKey));
  if (!isJsonObject(value)) return false;
  // A bare `{id}` is a pointer, not the part itself.
  const isPart = value.name !== undefined || value.etag !== undefined || value.properties !== undefined;
  if (isPart && typeof value.id === 'string' && idKey(value.id) === partKey) return true;
  return Object.values(value).some((inner) => inner !== undefined && hasPart(inner, partKey));
}
