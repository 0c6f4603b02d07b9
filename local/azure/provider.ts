import type { Clock } from '../clock.ts';
import type { AccessControl, Caller } from './access-control.ts';
import { type ArmError, networkError } from './arm-error.ts';
import { idKey } from './arm-path.ts';
import { type Catalogue, locationsOf, namespaceOf, normaliseLocation } from './catalogue.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { capital, operationName } from './operation-name.ts';
import type { Operation } from './operation-table.ts';
import type { Operations } from './operations.ts';
import { withoutEnvelope } from './presentation.ts';
import {
  anotherOperation,
  elsewhere,
  groupNotFound,
  notProvisioned,
  resourceNotFound,
  unreadable,
} from './refusals.ts';
import type { ResourceChanges } from './resource-changes.ts';
import type { ResourceTable } from './resource-table.ts';
import {
  type ActionRequest,
  type AsyncStyle,
  defaultLocks,
  type OperationKind,
  type Reference,
  type ResourceId,
  type ResourceLock,
  type ResourceType,
  type StoredResource,
  type World,
  type Write,
} from './resource-type.ts';
import { seededRandom } from './seeded-random.ts';
import type { SimulationSettings } from './simulation-settings.ts';
import type { Usages } from './usages.ts';
import { checkName, checkPrecondition, mergePatch, placed, readTags } from './write-reading.ts';

/** A request to a provider, after the front door has let it in. */
export interface ProviderRequest {
  readonly caller: Caller;
  readonly apiVersion: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Ends the operation as failed (faults). */
  readonly failWith?: ArmError;
  /** Its operation takes so long instead of its usual time (faults). */
  readonly operationSeconds?: number;
  /** Makes the public URL of an operation. */
  operationUrl(operation: Operation, form: 'status' | 'result'): string;
}

export type ProviderAnswer =
  | { readonly kind: 'refused'; readonly error: ArmError }
  /** Done: with the resource's body as it is now, or the given one. */
  | { readonly kind: 'done'; readonly status: number; readonly resource?: StoredResource; readonly body?: Json }
  | {
      readonly kind: 'accepted';
      readonly status: number;
      readonly operation: Operation;
      /** Shown in the first answer. */
      readonly resource?: StoredResource;
    };

interface Parts {
  readonly catalogue: Catalogue;
  readonly resources: ResourceTable;
  readonly changes: ResourceChanges;
  readonly operations: Operations;
  readonly usages: Usages;
  readonly access: AccessControl;
  readonly settings: SimulationSettings;
  readonly world: World;
  readonly clock: Clock;
}

interface Start {
  readonly work: Operation['work'];
  readonly kind: OperationKind;
  readonly id: ResourceId;
  readonly type: ResourceType;
  readonly locks: readonly ResourceLock[];
  readonly style: AsyncStyle;
  readonly durationSeconds: number;
  readonly name: string;
  readonly touched: readonly string[];
  readonly action?: Operation['action'];
  readonly failWith?: ArmError;
  readonly restore?: JsonObject;
}

/** What resource providers do with a request, in the order in which they check it. */
export class Provider {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  put(type: ResourceType, requested: ResourceId, request: ProviderRequest): ProviderAnswer {
    return this.#write('PUT', type, requested, request);
  }

  /** Tags alone and done at once, unless the type merges whole bodies. */
  patch(type: ResourceType, requested: ResourceId, request: ProviderRequest): ProviderAnswer {
    const existing = this.#parts.resources.get(requested.id);
    if (existing === undefined) return refused(this.notFound(type, requested));
    if (type.patch === 'merge') return this.#write('PATCH', type, requested, request);
    const body = request.body;
    if (!isJsonObject(body)) return refused(unreadable(type, 'a JSON object is expected'));
    const others = Object.keys(body).filter((name) => name !== 'tags');
    if (others.length > 0) {
      return refused(unreadable(type, `Could not find member '${others[0]}' on object of type 'TagsObject'.`));
    }
    const tags = readTags(body.tags ?? {});
    if (typeof tags === 'string') return refused(unreadable(type, tags));
    const precondition = checkPrecondition(type, existing, request.headers);
    if (precondition !== null) return refused(precondition);
    const conflict = this.#conflict(type, existing.id, 'update', [{ id: existing.id.id, mode: 'exclusive' }], request);
    if (conflict.error !== undefined) return refused(conflict.error);
    if (request.failWith !== undefined) return refused(request.failWith);
    this.#parts.changes.setTags(existing.id.id, tags);
    this.#parts.operations.announce('written', existing.id);
    return { kind: 'done', status: 200, resource: this.#stored(existing.id) };
  }

  delete(type: ResourceType, requested: ResourceId, request: ProviderRequest): ProviderAnswer {
    const existing = this.#parts.resources.get(requested.id);
    if (existing === undefined) return { kind: 'done', status: 204 };
    const { id } = existing;
    const precondition = checkPrecondition(type, existing, request.headers);
    if (precondition !== null) return refused(precondition);
    const locks = this.#locks(type, existing, id, existing.body);
    const conflict = this.#conflict(type, id, 'delete', locks, request);
    if (conflict.error !== undefined) return refused(conflict.error);
    const inUse = type.canDelete?.(existing, this.#parts.world) ?? null;
    if (inUse !== null) return refused(inUse);
    const style = type.asyncStyle?.('delete', undefined) ?? 'synchronous';
    if (style === 'synchronous') {
      if (request.failWith !== undefined) return refused(request.failWith);
      this.#parts.operations.settleDelete(existing);
      return { kind: 'done', status: 200 };
    }
    const operation = this.#start(request, conflict.superseded, {
      work: 'delete',
      kind: 'delete',
      id,
      type,
      locks,
      style,
      durationSeconds: this.#durationSeconds(type, 'delete', undefined, existing),
      name: operationName(type, 'delete'),
      touched: this.#family(id.id),
    });
    this.#show(operation, type.runningState?.('delete') ?? 'Deleting');
    return { kind: 'accepted', status: 202, operation };
  }

  /** `POST …/{resource}/{action}`, and GETs of the same form. */
  act(type: ResourceType, requested: ResourceId, name: string, request: ProviderRequest): ProviderAnswer {
    const action = type.actions?.[name];
    const resource = this.#parts.resources.get(requested.id);
    if (action === undefined || resource === undefined) return refused(this.notFound(type, requested));
    const asked: ActionRequest = { body: request.body, query: request.query, apiVersion: request.apiVersion };
    const invalid = action.validate?.(resource, asked, this.#parts.world) ?? null;
    if (invalid !== null) return refused(invalid);
    const locks = action.locks?.(resource, this.#parts.world) ?? [];
    const conflict = this.#conflict(type, resource.id, name, locks, request);
    if (conflict.error !== undefined) return refused(conflict.error);
    const style = action.asyncStyle ?? 'synchronous';
    if (style === 'synchronous') {
      if (request.failWith !== undefined) return refused(request.failWith);
      const { answer, effects } = action.run(resource, asked, this.#parts.world);
      this.#parts.changes.apply(effects ?? []);
      return answer === null ? { kind: 'done', status: 200 } : { kind: 'done', status: 200, body: answer };
    }
    const operation = this.#start(request, conflict.superseded, {
      work: 'action',
      kind: name,
      id: resource.id,
      type,
      locks,
      style,
      durationSeconds: action.durationSeconds?.(resource, this.#random(resource.id, name)) ?? 0,
      name: `${capital(name)}Operation`,
      touched: [],
      action: { name, request: asked },
    });
    return { kind: 'accepted', status: 202, operation };
  }

  /** How the provider says that a resource does not exist. */
  notFound(type: ResourceType, id: ResourceId): ArmError {
    if (type.type === 'Microsoft.Resources/resourceGroups') return groupNotFound(id.name);
    const missingParent = this.#missingParent(id);
    if (missingParent !== null) return missingParent;
    if (id.parentId !== undefined) return networkError(404, 'NotFound', `Resource ${id.id} not found.`);
    return resourceNotFound(type.type, id);
  }

  #write(method: Write['method'], type: ResourceType, requested: ResourceId, request: ProviderRequest): ProviderAnswer {
    const { resources, world, usages } = this.#parts;
    const existing = resources.get(requested.id);
    const id = existing?.id ?? requested;
    const read = this.#readWrite(method, type, id, existing, request);
    if ('error' in read) return refused(read.error);
    const { write } = read;
    const kind: OperationKind = existing === undefined ? 'create' : 'update';
    const missingParent = this.#missingParent(id);
    if (missingParent !== null) return refused(missingParent);
    const precondition = checkPrecondition(type, existing, request.headers);
    if (precondition !== null) return refused(precondition);
    const invalid = type.validate?.(write, world) ?? null;
    if (invalid !== null) return refused(invalid);
    const stored = type.store?.(write, world) ?? { body: withoutEnvelope(write.body) };
    const references = type.references?.(id, stored.body) ?? [];
    const unusable = this.#unusableReference(type, write, references, request.caller);
    if (unusable !== null) return refused(unusable);
    const locks = type.locks?.(write, world) ?? defaultLocks(id, references);
    const conflict = this.#conflict(type, id, kind, locks, request, references);
    if (conflict.error !== undefined) return refused(conflict.error);
    const notSucceeded = this.#notSucceeded(id, references);
    if (notSucceeded !== null) return refused(notSucceeded);
    if (existing === undefined && write.location !== undefined) {
      const tooMany = usages.refuse(type, id.subscription, write.location);
      if (tooMany !== null) return refused(tooMany);
    }
    const style = type.asyncStyle?.(kind, write) ?? 'synchronous';
    const name = operationName(type, kind);
    const durationSeconds = this.#durationSeconds(type, kind, write, existing);
    if (style === 'synchronous' && request.failWith !== undefined) return refused(request.failWith);

    const failure = type.failure?.(write, world) ?? null;
    const running = style === 'synchronous' ? 'Succeeded' : (type.runningState?.(kind) ?? 'Updating');
    const resource = { id: id.id, body: stored.body, ...placed(write) };
    const saved = this.#parts.changes.put(resource, running, name);
    const alsoPut = this.#parts.changes.apply(stored.also ?? [], running, name);
    const status = existing === undefined ? (type.createdStatus ?? 201) : 200;
    if (style === 'synchronous') {
      this.#parts.operations.settleWrite(saved.id.id);
      return { kind: 'done', status, resource: this.#stored(saved.id) };
    }
    const operation = this.#start(request, conflict.superseded, {
      work: 'write',
      kind,
      id: saved.id,
      type,
      locks,
      style,
      durationSeconds,
      name,
      touched: [...new Set([...this.#family(saved.id.id), ...alsoPut])],
      ...(failure === null ? {} : { failWith: failure }),
      ...(failure === null || existing === undefined ? {} : { restore: existing.body }),
    });
    this.#show(operation, running);
    return this.#acceptedWrite(style, status, operation, saved.id);
  }

  #acceptedWrite(style: AsyncStyle, status: number, operation: Operation, id: ResourceId): ProviderAnswer {
    if (style === 'body-only' || style === 'body-and-async-operation') {
      return { kind: 'accepted', status, operation, resource: this.#stored(id) };
    }
    return { kind: 'accepted', status: 202, operation };
  }

  /** Body, location and tags, as far as they are the same for all types. */
  #readWrite(
    method: Write['method'],
    type: ResourceType,
    id: ResourceId,
    existing: StoredResource | undefined,
    request: ProviderRequest,
  ): { readonly write: Write } | { readonly error: ArmError } {
    const sent = request.body;
    if (!isJsonObject(sent)) return { error: unreadable(type, 'a JSON object is expected') };
    const body = method === 'PATCH' && existing !== undefined ? mergePatch(existing, sent) : sent;
    if (existing === undefined) {
      const badName = checkName(type, id.name);
      if (badName !== null) return { error: badName };
    }
    if (body.properties !== undefined && !isJsonObject(body.properties)) {
      return { error: unreadable(type, "Error converting value to the type of 'properties'. Path 'properties'.") };
    }
    const tags = body.tags === undefined || body.tags === null ? undefined : readTags(body.tags);
    if (typeof tags === 'string') return { error: unreadable(type, tags) };
    const location = this.#readLocation(type, id, existing, body);
    if (typeof location === 'object') return { error: location };
    return {
      write: {
        method,
        id,
        apiVersion: request.apiVersion,
        query: request.query,
        body,
        ...(location === undefined ? {} : { location }),
        ...(tags === undefined ? {} : { tags }),
        ...(existing === undefined ? {} : { existing }),
        principal: request.caller.objectId,
      },
    };
  }

  #readLocation(
    type: ResourceType,
    id: ResourceId,
    existing: StoredResource | undefined,
    body: JsonObject,
  ): string | undefined | ArmError {
    if (!type.tracked) return existing?.location;
    if (typeof body.location !== 'string' || body.location.trim() === '') {
      return {
        status: 400,
        code: 'LocationRequired',
        message: 'The location property is required for this definition.',
      };
    }
    const location = normaliseLocation(body.location);
    if (!locationsOf(type).includes(location)) {
      return {
        status: 400,
        code: 'LocationNotAvailableForResourceType',
        message:
          `The provided location '${body.location}' is not available for resource type '${type.type}'. ` +
          `List of available regions for the resource type is '${locationsOf(type).join(',')}'.`,
      };
    }
    if (existing?.location !== undefined && existing.location !== location)
      return elsewhere(id, existing.location, location);
    return location;
  }

  #missingParent(id: ResourceId): ArmError | null {
    const { resources } = this.#parts;
    if (id.parentId !== undefined && resources.get(id.parentId) === undefined) {
      const parts = id.parentId.split('/');
      return {
        status: 404,
        code: 'ParentResourceNotFound',
        message: `Can not perform requested operation on nested resource. Parent resource '${parts.at(-1)}' not found.`,
      };
    }
    const scope = id.scopeId;
    if (scope === undefined || !idKey(scope).includes('/providers/') || resources.get(scope) !== undefined) return null;
    const scopeType = this.#parts.catalogue.find(typeOfId(scope))?.type ?? typeOfId(scope);
    return resourceNotFound(scopeType, { name: namesOfId(scope), resourceGroup: id.resourceGroup ?? '' });
  }

  #unusableReference(
    type: ResourceType,
    write: Write,
    references: readonly Reference[],
    caller: Caller,
  ): ArmError | null {
    const linked = references.flatMap(({ linkedAction, to }) =>
      linkedAction === undefined ? [] : [{ action: linkedAction, scope: to }],
    );
    const forbidden = this.#parts.access.refuseLinked(caller, `${type.type}/write`, write.id.id, linked);
    if (forbidden !== null) return forbidden;
    const missing = references.find(
      (reference) => reference.optional !== true && !isOwnPart(write.id, reference.to) && !this.#exists(reference.to),
    );
    if (missing === undefined) return null;
    return networkError(
      400,
      'InvalidResourceReference',
      `Resource ${missing.to} referenced by resource ${missing.by} was not found. Please make sure that the referenced ` +
        'resource exists, and that both resources are in the same region.',
    );
  }

  /** A resource, or a part of one that its presentation shows. */
  #exists(id: string): boolean {
    if (this.#parts.resources.get(id) !== undefined) return true;
    const owner = this.#ownerOf(id);
    return owner !== undefined && this.#parts.operations.shows(owner, id);
  }

  /** The closest resource above a part. */
  #ownerOf(id: string): StoredResource | undefined {
    const segments = id.split('/');
    for (let length = segments.length - 2; length > 8; length -= 2) {
      const owner = this.#parts.resources.get(segments.slice(0, length).join('/'));
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  #notSucceeded(id: ResourceId, references: readonly Reference[]): ArmError | null {
    for (const reference of references) {
      if (reference.whenNotSucceeded === 'ignore' || isOwnPart(id, reference.to)) continue;
      const target = this.#parts.resources.get(reference.to) ?? this.#ownerOf(reference.to);
      if (target === undefined || target.provisioningState === 'Succeeded') continue;
      if (this.#parts.catalogue.find(target.id.type)?.provisioningState === false) continue;
      return notProvisioned(reference, target);
    }
    return null;
  }

  /** The operations in the way: those that the newer one supersedes, or the refusal. */
  #conflict(
    type: ResourceType,
    id: ResourceId,
    kind: OperationKind,
    locks: readonly ResourceLock[],
    request: ProviderRequest,
    references: readonly Reference[] = [],
  ): { readonly error?: ArmError; readonly superseded: readonly Operation[] } {
    const running = this.#parts.operations.table.inTheWay(locks);
    const supersedable = (operation: Operation): boolean =>
      type.conflict === 'supersede' &&
      operation.work === 'write' &&
      idKey(operation.resourceId) === id.key &&
      (kind === 'create' || kind === 'update' || kind === 'delete');
    const blocking = running.find((operation) => !supersedable(operation));
    if (blocking === undefined) return { superseded: running };
    const busyReference = references.find((reference) => this.#holdsOnlyReference(blocking, id, reference));
    const target = busyReference === undefined ? undefined : this.#parts.resources.get(busyReference.to);
    if (busyReference !== undefined && target !== undefined && target.provisioningState !== 'Succeeded') {
      return { error: notProvisioned(busyReference, target), superseded: [] };
    }
    const url = request.operationUrl(blocking, 'status');
    return { error: type.conflictError?.(blocking, url) ?? anotherOperation(url), superseded: [] };
  }

  /** True if the blocking operation is one on the referenced resource, so that the reference's own words apply. */
  #holdsOnlyReference(operation: Operation, id: ResourceId, reference: Reference): boolean {
    if (reference.whenNotSucceeded === 'ignore') return false;
    const own = [id.key, ...(id.parentId === undefined ? [] : [idKey(id.parentId)])];
    if (own.includes(idKey(operation.resourceId))) return false;
    return operation.touched.some((touched) => idKey(touched) === idKey(reference.to));
  }

  #start(request: ProviderRequest, superseded: readonly Operation[], start: Start): Operation {
    const { id, type } = start;
    const failWith = request.failWith ?? start.failWith;
    return this.#parts.operations.start(
      {
        name: start.name,
        kind: start.kind,
        work: start.work,
        resourceId: id.id,
        locks: start.locks,
        subscription: id.subscription,
        namespace: namespaceOf(type.type),
        location: this.#operationLocation(id),
        apiVersion: request.apiVersion,
        principal: request.caller.name,
        style: start.style,
        touched: start.touched,
        ...(start.action === undefined ? {} : { action: start.action }),
        ...(failWith === undefined ? {} : { failWith }),
        ...(start.restore === undefined ? {} : { restore: start.restore }),
      },
      request.operationSeconds ?? start.durationSeconds,
      superseded,
    );
  }

  #show(operation: Operation, state: string): void {
    this.#parts.changes.setStates(operation.touched, state);
  }

  /** The resource and those whose version it shares, which show its running state too. */
  #family(id: string): readonly string[] {
    const root = this.#parts.changes.familyRoot(id);
    return idKey(root) === idKey(id) ? [id] : [id, root];
  }

  #locks(type: ResourceType, of: Write | StoredResource, id: ResourceId, body: JsonObject): readonly ResourceLock[] {
    return type.locks?.(of, this.#parts.world) ?? defaultLocks(id, type.references?.(id, body) ?? []);
  }

  #durationSeconds(
    type: ResourceType,
    kind: OperationKind,
    write: Write | undefined,
    existing: StoredResource | undefined,
  ): number {
    const id = write?.id ?? existing?.id;
    if (id === undefined) return 0;
    const random = this.#random(id, kind);
    const usual = type.durationSeconds?.(kind, write, random, existing, this.#parts.world) ?? 0;
    const { spread } = this.#parts.settings.get('latency');
    return spread === 0 ? usual : usual * (1 + spread * (random() - 0.5));
  }

  /** Depends on the resource and how often it was written, not on what else happens meanwhile. */
  #random(id: ResourceId, kind: OperationKind): () => number {
    const { seed, spread } = this.#parts.settings.get('latency');
    if (spread === 0) return () => 0.5;
    const nth = this.#parts.operations.countOn(id.id);
    return seededRandom(`${seed} ${id.key} ${kind} ${nth}`);
  }

  #operationLocation(id: ResourceId): string {
    for (const candidate of [id.id, id.parentId, id.scopeId]) {
      const location = candidate === undefined ? undefined : this.#parts.resources.get(candidate)?.location;
      if (location !== undefined) return location;
    }
    return 'global';
  }

  #stored(id: ResourceId): StoredResource {
    const stored = this.#parts.resources.get(id.id);
    if (stored === undefined) throw new Error(`${id.id} vanished while it was written.`);
    return stored;
  }
}

function refused(error: ArmError): ProviderAnswer {
  return { kind: 'refused', error };
}

function isOwnPart(id: ResourceId, to: string): boolean {
  const key = idKey(to);
  return key === id.key || key.startsWith(`${id.key}/`);
}

function typeOfId(id: string): string {
  const rest = id.slice(id.toLowerCase().lastIndexOf('/providers/') + '/providers/'.length).split('/');
  return [rest[0], ...rest.slice(1).filter((_, index) => index % 2 === 0)].join('/');
}

function namesOfId(id: string): string {
  const rest = id.slice(id.toLowerCase().lastIndexOf('/providers/') + '/providers/'.length).split('/');
  return rest.filter((_, index) => index > 0 && index % 2 === 0).join('/');
}
