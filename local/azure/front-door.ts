import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { AccessControl, Caller } from './access-control.ts';
import { type ArmError, errorBody } from './arm-error.ts';
import { idKey, parseTarget, type Target } from './arm-path.ts';
import type { ArmAnswer, ArmRequest } from './arm-request.ts';
import { type Catalogue, locationsOf, methodsOf, namespaceOf, normaliseLocation, permissionType } from './catalogue.ts';
import type { ResourceEvents } from './events/resource-events.ts';
import type { ResourceRequest } from './events/resource-request.ts';
import type { FaultEffect, Faults } from './faults.ts';
import { isJsonObject, type Json } from './json.ts';
import { refuseLocked } from './management-locks.ts';
import { asPolled, isForgotten, operationUrl, POLL_PACE, pollHeaders } from './operation-answers.ts';
import type { Operation } from './operation-table.ts';
import type { Operations } from './operations.ts';
import { refuseByPolicy } from './policy.ts';
import { presentResource } from './presentation.ts';
import type { Provider, ProviderAnswer, ProviderRequest } from './provider.ts';
import {
  beingDeleted,
  disabled,
  groupNotFound,
  invalidNamespace,
  invalidSubscription,
  methodNotAllowed,
  missingApiVersion,
  nothingHere,
  notRegistered,
  subscriptionNotFound,
  throttled,
  unauthenticated,
  unreadable,
} from './refusals.ts';
import { fullUrl, groupIn, isMethod, kindOf, parseBody, splitUrl, subscriptionOf, verbOf } from './request-reading.ts';
import { filterFits, listed, pageOf } from './resource-lists.ts';
import type { ResourceTable } from './resource-table.ts';
import type { ArmErrorAnswer, Method, ResourceId, ResourceType, StoredResource, World } from './resource-type.ts';
import { seededRandom } from './seeded-random.ts';
import type { SimulationSettings, SubscriptionSetting } from './simulation-settings.ts';
import type { Statistics } from './statistics.ts';
import {
  isRegistered,
  knownNamespaces,
  presentBuiltIn,
  presentLocations,
  presentProvider,
  presentSubscription,
} from './subscription-answers.ts';
import type { Throttle } from './throttle.ts';
import { MANAGED_IDENTITY, type TokenIssuer } from './token-issuer.ts';
import type { Usages } from './usages.ts';

const RESOURCE_GROUPS = 'Microsoft.Resources/resourceGroups';

interface Parts {
  readonly catalogue: Catalogue;
  readonly resources: ResourceTable;
  readonly operations: Operations;
  readonly provider: Provider;
  readonly access: AccessControl;
  readonly usages: Usages;
  readonly settings: SimulationSettings;
  readonly statistics: Statistics;
  readonly faults: Faults;
  readonly events: ResourceEvents;
  readonly throttle: Throttle;
  readonly tokens: TokenIssuer;
  readonly world: World;
  readonly clock: Clock;
  /** Longest list without a `nextLink`. */
  readonly pageSize: number;
}

/** A request after its target is read. */
interface Visit {
  readonly request: ArmRequest;
  readonly method: Method;
  readonly target: Target;
  readonly query: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly subscription: string;
  readonly setting: SubscriptionSetting;
  readonly apiVersion: string;
  readonly failWith?: ArmError;
  readonly operationSeconds?: number;
}

/** An answer before the headers that each has. */
interface Draft {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly error?: ArmError;
  /** What the request started, or was answered with. */
  readonly operation?: Operation;
}

/** Azure Resource Manager's front door: the checks that all requests pass, in their order, then the provider. */
export class FrontDoor {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  handle(request: ArmRequest): ArmAnswer {
    const outsider = request.headers['x-sim-principal'];
    // Faults are for the app: somebody else's edits must not use them up.
    const effect = outsider === undefined ? this.#parts.faults.take(request.method, fullUrl(request)) : undefined;
    if (effect?.kind === 'drop' && effect.when === 'before') return { status: 503, headers: {}, fault: effect };
    const target = parseTarget(splitUrl(request.url).path, this.#parts.catalogue);
    const before = 'id' in target ? this.#parts.resources.get(target.id.id) : undefined;
    const existed = before !== undefined;
    const { draft, remaining, caller } = this.#draft(request, target, effect);
    const answer = this.#finish(request, draft, remaining);
    this.#count(request, target, existed, caller, draft);
    const correlationId = answer.headers['x-ms-correlation-request-id'] ?? '';
    this.#tell(request, target, before?.id.id, correlationId, caller, draft);
    return effect?.kind === 'hang' || effect?.kind === 'drop' ? { ...answer, fault: effect } : answer;
  }

  #draft(
    request: ArmRequest,
    target: Target,
    effect: FaultEffect | undefined,
  ): { draft: Draft; remaining: Readonly<Record<string, string>>; caller?: Caller } {
    if (effect?.kind === 'answer') return { draft: faultDraft(effect), remaining: {} };
    const caller = this.#caller(request);
    if ('status' in caller) return { draft: { status: caller.status, error: caller }, remaining: {} };
    const throttle = this.#throttle(subscriptionOf(target), caller, request.method);
    if (throttle.error !== undefined) {
      return { draft: { status: 429, error: throttle.error }, remaining: throttle.remaining, caller };
    }
    const draft = this.#admit(request, target, splitUrl(request.url).query, caller, operationFault(effect));
    return { draft, remaining: throttle.remaining, caller };
  }

  #admit(
    request: ArmRequest,
    target: Target,
    query: Readonly<Record<string, string>>,
    caller: Caller,
    fault: Pick<Visit, 'failWith' | 'operationSeconds'>,
  ): Draft {
    const { settings } = this.#parts;
    const subscription = subscriptionOf(target);
    const setting = subscription === undefined ? {} : settings.subscription(subscription);
    if (subscription !== undefined && !GUID.test(subscription)) {
      return refusal(invalidSubscription(subscription));
    }
    if (setting === undefined) {
      return refusal(subscriptionNotFound(subscription ?? ''));
    }
    const apiVersion = query['api-version'];
    if (apiVersion === undefined || apiVersion === '') {
      return refusal(missingApiVersion());
    }
    const method = request.method.toUpperCase();
    if (!isMethod(method)) return refusal(methodNotAllowed(method));
    return this.#route({
      request,
      method,
      target,
      query,
      caller,
      subscription: subscription ?? '',
      setting,
      apiVersion,
      ...fault,
    });
  }

  #route(visit: Visit): Draft {
    const { target } = visit;
    switch (target.kind) {
      case 'resource':
      case 'action':
      case 'collection':
        return this.#typed(visit, target);
      case 'operation':
        return this.#poll(visit, target.operation, target.form);
      case 'unknown-type':
        return refusal(this.#unknownType(target.namespace, target.type, visit.apiVersion));
      case 'providers':
        return this.#providers(visit, target.namespace, target.verb);
      case 'subscriptions':
        return this.#read(visit, 'Microsoft.Resources/subscriptions', '/', () => ({
          value: Object.entries(this.#parts.settings.get('subscriptions')).map(([id, one]) =>
            presentSubscription(id, one),
          ),
        }));
      case 'subscription':
        return this.#read(visit, 'Microsoft.Resources/subscriptions', scopeOf(visit), () =>
          presentSubscription(visit.subscription.toLowerCase(), visit.setting),
        );
      case 'locations':
        return this.#read(visit, 'Microsoft.Resources/subscriptions/locations', scopeOf(visit), () =>
          presentLocations(visit.subscription),
        );
      case 'resources':
        return this.#resourceList(visit, target.resourceGroup);
      case 'usages':
        return this.#read(visit, `${target.namespace}/locations/usages`, scopeOf(visit), () =>
          this.#parts.usages.list(target.namespace, visit.subscription, normaliseLocation(target.location)),
        );
      case 'feature':
        return this.#read(visit, 'Microsoft.Features/providers/features', scopeOf(visit), () => ({
          id: `${scopeOf(visit)}/providers/Microsoft.Features/providers/${target.namespace}/features/${target.feature}`,
          name: `${target.namespace}/${target.feature}`,
          type: 'Microsoft.Features/providers/features',
          properties: { state: 'Registered' },
        }));
      case 'built-in': {
        const body = presentBuiltIn(target.type, target.name);
        if (body === undefined) return refusal(nothingHere(visit.request));
        return visit.method === 'GET' ? { status: 200, body } : refusal(methodNotAllowed(visit.method));
      }
      case 'nothing':
        return refusal(nothingHere(visit.request));
    }
  }

  #typed(visit: Visit, target: Extract<Target, { kind: 'resource' | 'action' | 'collection' }>): Draft {
    const { type } = target;
    if (!type.apiVersions.includes(visit.apiVersion)) return refusal(this.#unknownVersion(visit, type));
    const action = target.kind === 'action' ? type.actions?.[target.action] : undefined;
    const allowed: readonly Method[] =
      target.kind === 'collection'
        ? ['GET']
        : target.kind === 'action'
          ? [action?.method ?? 'POST']
          : methodsOf(type).flatMap((method) => (method === 'GET' ? (['GET', 'HEAD'] as const) : [method]));
    if (!allowed.includes(visit.method)) return refusal(methodNotAllowed(visit.method));
    const scope = target.kind === 'collection' ? target.scopeId : target.id.id;
    const forbidden = this.#parts.access.refuse(visit.caller, permissionFor(target, visit.method), scope);
    if (forbidden !== null) return refusal(forbidden);
    const closed = this.#closed(visit, type, target);
    if (closed !== null) return refusal(closed);
    switch (target.kind) {
      case 'collection':
        return this.#list(visit, type, target.scopeId);
      case 'action':
        return this.#answer(
          visit,
          this.#parts.provider.act(type, target.id, target.action, this.#providerRequest(visit)),
        );
      case 'resource':
        return this.#resource(visit, type, target.id);
    }
  }

  /** Registration, resource group, lock and policy. */
  #closed(
    visit: Visit,
    type: ResourceType,
    target: Extract<Target, { kind: 'resource' | 'action' | 'collection' }>,
  ): ArmError | null {
    const { resources } = this.#parts;
    const writes = visit.method === 'PUT' || visit.method === 'PATCH' || visit.method === 'POST';
    if (writes || visit.method === 'DELETE') {
      if (visit.setting.state === 'Disabled') return disabled(visit.subscription);
      if (!isRegistered(visit.setting, namespaceOf(type.type))) return notRegistered(namespaceOf(type.type));
    }
    const id = target.kind === 'collection' ? target.scopeId : target.id.id;
    const group = groupIn(id);
    if (group !== undefined && !(target.kind === 'resource' && type.type === RESOURCE_GROUPS)) {
      const stored = resources.get(group.id);
      if (stored === undefined) return groupNotFound(group.name);
      if (writes && stored.provisioningState === 'Deleting') return beingDeleted(stored.id.name);
    }
    if (target.kind === 'collection') return null;
    const isLock = type.type === 'Microsoft.Authorization/locks';
    if (!isLock && writes) {
      const locked = refuseLocked(resources, target.id.id, 'write');
      if (locked !== null) return locked;
    }
    if (!isLock && visit.method === 'DELETE' && resources.get(target.id.id) !== undefined) {
      const locked = refuseLocked(resources, target.id.id, 'delete');
      if (locked !== null) return locked;
    }
    if (visit.method === 'PUT') return refuseByPolicy(resources, target.id, this.#locationWanted(visit, type));
    return null;
  }

  #locationWanted(visit: Visit, type: ResourceType): string | undefined {
    const body = parseBody(visit.request.body);
    if (!type.tracked || body === undefined || !isJsonObject(body)) return undefined;
    return typeof body.location === 'string' ? normaliseLocation(body.location) : undefined;
  }

  #resource(visit: Visit, type: ResourceType, id: ResourceId): Draft {
    const { provider, resources } = this.#parts;
    switch (visit.method) {
      case 'GET':
      case 'HEAD': {
        const stored = resources.get(id.id);
        const builtIn = stored === undefined ? presentBuiltIn(type.type, id.name) : undefined;
        if (builtIn !== undefined) return { status: 200, body: builtIn };
        if (stored === undefined) return refusal(provider.notFound(type, id));
        if (visit.method === 'HEAD') return { status: 204 };
        return { status: 200, ...this.#shown(stored) };
      }
      case 'PUT':
      case 'PATCH': {
        const body = parseBody(visit.request.body);
        if (body === undefined) return refusal(unreadable(type, 'The body is not valid JSON.'));
        const request = { ...this.#providerRequest(visit), body };
        return this.#answer(
          visit,
          visit.method === 'PUT' ? provider.put(type, id, request) : provider.patch(type, id, request),
        );
      }
      case 'DELETE':
        return type.type === RESOURCE_GROUPS
          ? this.#deleteGroup(visit, id)
          : this.#answer(visit, provider.delete(type, id, this.#providerRequest(visit)));
      case 'POST':
        return refusal(methodNotAllowed('POST'));
    }
  }

  #deleteGroup(visit: Visit, id: ResourceId): Draft {
    const { resources, operations } = this.#parts;
    const group = resources.get(id.id);
    // ARM answers a missing group with 404, other than a missing resource.
    if (group === undefined) return refusal(groupNotFound(id.name));
    const running = operations.table
      .running()
      .find((operation) => operation.work === 'group-delete' && idKey(operation.resourceId) === id.key);
    const operation = running ?? operations.startGroupDeletion(group, visit.caller.name, visit.apiVersion);
    return this.#answer(visit, { kind: 'accepted', status: 202, operation });
  }

  #answer(visit: Visit, answer: ProviderAnswer): Draft {
    switch (answer.kind) {
      case 'refused':
        return refusal(answer.error);
      case 'done': {
        if (answer.resource !== undefined) return { status: answer.status, ...this.#shown(answer.resource) };
        return answer.body === undefined ? { status: answer.status } : { status: answer.status, body: answer.body };
      }
      case 'accepted': {
        const { operation, resource, status } = answer;
        const shown = resource === undefined ? { headers: {} } : this.#shown(resource);
        return { status, ...shown, headers: { ...shown.headers, ...pollHeaders(visit.request, operation) }, operation };
      }
    }
  }

  #poll(visit: Visit, operationId: string, form: 'status' | 'result'): Draft {
    const operation = this.#parts.operations.table.get(operationId);
    const known =
      operation !== undefined &&
      operation.subscription === visit.subscription.toLowerCase() &&
      visit.query.t === operation.signature &&
      !isForgotten(operation, this.#parts.clock.nowMs());
    if (!known) {
      return refusal({ status: 404, code: 'NotFound', message: `The operation '${operationId}' was not found.` });
    }
    if (visit.method !== 'GET') return refusal(methodNotAllowed(visit.method));
    const permission = `${operation.namespace}/locations/operations/read`;
    const forbidden = this.#parts.access.refuse(visit.caller, permission, scopeOf(visit));
    if (forbidden !== null) return refusal(forbidden);
    return form === 'status' ? this.#pollStatus(operation) : this.#pollResult(visit, operation);
  }

  #pollStatus(operation: Operation): Draft {
    const { status, error } = operation;
    const body = { status, ...(error === undefined ? {} : { error: asPolled(error) }) };
    return status === 'InProgress' ? { status: 200, body, headers: POLL_PACE } : { status: 200, body };
  }

  #pollResult(visit: Visit, operation: Operation): Draft {
    switch (operation.status) {
      case 'InProgress': {
        const location = operationUrl(visit.request, operation, 'result');
        return { status: 202, headers: { Location: location, ...POLL_PACE } };
      }
      case 'Failed':
      case 'Canceled':
        return refusal(operation.error ?? { status: 409, code: 'OperationFailed', message: 'The operation failed.' });
      case 'Succeeded': {
        if (operation.work === 'group-delete') return { status: 200 };
        if (operation.result !== undefined && operation.result !== null) return { status: 200, body: operation.result };
        const stored = operation.work === 'write' ? this.#parts.resources.get(operation.resourceId) : undefined;
        return stored === undefined ? { status: 204 } : { status: 200, ...this.#shown(stored) };
      }
    }
  }

  #list(visit: Visit, type: ResourceType, scopeId: string): Draft {
    const { catalogue, resources, world, provider } = this.#parts;
    const own = type.collection?.(scopeId, visit.query, world, visit.caller.objectId);
    if (own !== undefined) return isErrorAnswer(own) ? refusal(own.armError) : { status: 200, body: own };
    const owner = parseTarget(scopeId, catalogue);
    if (owner.kind === 'resource' && resources.get(owner.id.id) === undefined) {
      return refusal(provider.notFound(owner.type, owner.id));
    }
    const found = listed(type, scopeId, visit.query, resources).filter((resource) => filterFits(resource, visit.query));
    return {
      status: 200,
      body: pageOf(visit.request, visit.query, this.#parts.pageSize, found, (resource) =>
        presentResource(resource, catalogue, world),
      ),
    };
  }

  #resourceList(visit: Visit, resourceGroup: string | undefined): Draft {
    const { resources } = this.#parts;
    const scope = resourceGroup === undefined ? scopeOf(visit) : `${scopeOf(visit)}/resourceGroups/${resourceGroup}`;
    const forbidden = this.#parts.access.refuse(
      visit.caller,
      'Microsoft.Resources/subscriptions/resources/read',
      scope,
    );
    if (forbidden !== null) return refusal(forbidden);
    if (visit.method !== 'GET') return refusal(methodNotAllowed(visit.method));
    if (resourceGroup !== undefined && resources.get(scope) === undefined) return refusal(groupNotFound(resourceGroup));
    const wanted = /resourceType eq '([^']+)'/i.exec(visit.query.$filter ?? '')?.[1]?.toLowerCase();
    const found = resources
      .below(scope)
      .filter(({ id, location }) => location !== undefined && id.type !== RESOURCE_GROUPS)
      .filter(({ id }) => wanted === undefined || id.type.toLowerCase() === wanted);
    return {
      status: 200,
      body: pageOf(visit.request, visit.query, this.#parts.pageSize, found, ({ id, location, tags }) => ({
        id: id.id,
        name: id.name,
        type: id.type,
        ...(location === undefined ? {} : { location }),
        ...(tags === undefined ? {} : { tags: { ...tags } }),
      })),
    };
  }

  #providers(visit: Visit, namespace: string | undefined, verb: string | undefined): Draft {
    const { catalogue, settings, access } = this.#parts;
    const { setting, subscription } = visit;
    const names = knownNamespaces(catalogue);
    if (namespace === undefined) {
      return this.#read(visit, 'Microsoft.Resources/subscriptions/providers', scopeOf(visit), () => ({
        value: names.map((name) => presentProvider(subscription, setting, name, catalogue)),
      }));
    }
    const name = names.find((one) => one.toLowerCase() === namespace.toLowerCase());
    if (name === undefined) return refusal(invalidNamespace(namespace));
    if (verb === undefined) {
      return this.#read(visit, 'Microsoft.Resources/subscriptions/providers', scopeOf(visit), () =>
        presentProvider(subscription, setting, name, catalogue),
      );
    }
    if (visit.method !== 'POST') return refusal(methodNotAllowed(visit.method));
    const forbidden = access.refuse(visit.caller, `${name}/${verb}/action`, scopeOf(visit));
    if (forbidden !== null) return refusal(forbidden);
    const others = (setting.unregistered ?? []).filter((one) => one.toLowerCase() !== name.toLowerCase());
    const changed = { ...setting, unregistered: verb === 'register' ? others : [...others, name] };
    settings.set('subscriptions', { ...settings.get('subscriptions'), [subscription.toLowerCase()]: changed });
    return { status: 200, body: presentProvider(subscription, changed, name, catalogue) };
  }

  #read(visit: Visit, type: string, scope: string, body: () => Json): Draft {
    if (visit.method !== 'GET') return refusal(methodNotAllowed(visit.method));
    const forbidden = scope === '/' ? null : this.#parts.access.refuse(visit.caller, `${type}/read`, scope);
    return forbidden === null ? { status: 200, body: body() } : refusal(forbidden);
  }

  #shown(resource: StoredResource): { readonly body: Json; readonly headers: Readonly<Record<string, string>> } {
    const { catalogue, world } = this.#parts;
    const etag = catalogue.require(resource.id.type).etag !== 'none';
    return { body: presentResource(resource, catalogue, world), headers: etag ? { ETag: resource.etag } : {} };
  }

  #providerRequest(visit: Visit): ProviderRequest {
    const { 'api-version': _version, ...query } = visit.query;
    return {
      caller: visit.caller,
      apiVersion: visit.apiVersion,
      query,
      headers: visit.request.headers,
      body: parseBody(visit.request.body) ?? null,
      ...(visit.failWith === undefined ? {} : { failWith: visit.failWith }),
      ...(visit.operationSeconds === undefined ? {} : { operationSeconds: visit.operationSeconds }),
      operationUrl: (operation, form) => operationUrl(visit.request, operation, form),
    };
  }

  #caller(request: ArmRequest): Caller | ArmError {
    const outsider = request.headers['x-sim-principal'];
    if (outsider !== undefined && outsider !== '') return this.#parts.access.outsider(outsider);
    const verdict = this.#parts.tokens.judge(request.headers.authorization);
    if (verdict.valid) return { name: MANAGED_IDENTITY.name, objectId: verdict.objectId, clientId: verdict.clientId };
    return unauthenticated(verdict.code, verdict.message);
  }

  #throttle(
    subscription: string | undefined,
    caller: Caller,
    method: string,
  ): { readonly error?: ArmError; readonly remaining: Readonly<Record<string, string>> } {
    const kind = kindOf(method);
    const scope = subscription?.toLowerCase() ?? 'tenant';
    const taken = this.#parts.throttle.take(scope, caller.objectId, kind, this.#parts.clock.nowMs());
    const remaining = { [`x-ms-ratelimit-remaining-subscription-${kind}`]: String(taken.remaining) };
    if (taken.allowed) return { remaining };
    return { remaining, error: throttled(kind, scope, caller.objectId, taken.retryAfterSeconds) };
  }

  #finish(request: ArmRequest, draft: Draft, remaining: Readonly<Record<string, string>>): ArmAnswer {
    const requestId = randomUUID();
    const correlationId = request.headers['x-ms-correlation-request-id'] ?? requestId;
    const clientId = request.headers['x-ms-client-request-id'];
    const echo = request.headers['x-ms-return-client-request-id']?.toLowerCase() === 'true' && clientId !== undefined;
    const body = draft.error === undefined ? draft.body : errorBody(draft.error);
    const nowMs = this.#parts.clock.nowMs();
    return {
      status: draft.status,
      headers: {
        'Cache-Control': 'no-cache',
        Pragma: 'no-cache',
        Date: new Date(nowMs).toUTCString(),
        Expires: '-1',
        'x-ms-request-id': requestId,
        'x-ms-correlation-request-id': correlationId,
        'x-ms-routing-request-id': `WESTEUROPE:${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}:${requestId}`,
        'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
        'X-Content-Type-Options': 'nosniff',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
        ...(echo ? { 'x-ms-client-request-id': clientId } : {}),
        ...remaining,
        ...draft.headers,
        ...draft.error?.headers,
      },
      ...(body === undefined || request.method.toUpperCase() === 'HEAD' ? {} : { body }),
    };
  }

  /** Writes are counted by resource and by principal, accepted or refused. */
  #count(request: ArmRequest, target: Target, existed: boolean, caller: Caller | undefined, draft: Draft): void {
    const method = request.method.toUpperCase();
    if (target.kind !== 'resource' || !['PUT', 'PATCH', 'DELETE'].includes(method)) return;
    const name = caller?.name ?? request.headers['x-sim-principal'] ?? MANAGED_IDENTITY.name;
    const id = this.#parts.resources.get(target.id.id)?.id.id ?? target.id.id;
    if (draft.error !== undefined) {
      this.#parts.statistics.rejected(id, name, draft.error.code);
      return;
    }
    if (method === 'DELETE') {
      if (draft.status !== 204) this.#parts.statistics.accepted(id, name, 'delete');
      return;
    }
    this.#parts.statistics.accepted(id, name, existed ? 'update' : 'create');
  }

  /** Whoever has subscribed to resource events learns of each change that was let in, however it ends. */
  #tell(
    request: ArmRequest,
    target: Target,
    existing: string | undefined,
    correlationId: string,
    caller: Caller | undefined,
    draft: Draft,
  ): void {
    const method = request.method.toUpperCase();
    const changes = ['PUT', 'PATCH', 'DELETE', 'POST'].includes(method);
    if (!changes || !isMethod(method) || (target.kind !== 'resource' && target.kind !== 'action')) return;
    // Nobody was let in, or there was nothing to delete.
    if (caller === undefined || draft.status === 429 || draft.status === 204) return;
    const clientRequestId = request.headers['x-ms-client-request-id'];
    const asked: ResourceRequest = {
      kind: target.kind === 'action' ? 'action' : method === 'DELETE' ? 'delete' : 'write',
      resourceId: existing ?? this.#parts.resources.get(target.id.id)?.id.id ?? target.id.id,
      operationName: permissionFor(target, method),
      caller,
      method,
      url: request.url,
      correlationId,
      ...(clientRequestId === undefined ? {} : { clientRequestId }),
      creates: existing === undefined && method === 'PUT',
    };
    const { events } = this.#parts;
    if (draft.operation !== undefined) events.accepted(asked, draft.operation);
    else events.ended(asked, draft.error === undefined ? 'Success' : 'Failure');
  }

  #unknownType(namespace: string, type: string, apiVersion: string): ArmError {
    if (this.#parts.catalogue.namespace(namespace) === undefined) {
      const known = knownNamespaces(this.#parts.catalogue).some((one) => one.toLowerCase() === namespace.toLowerCase());
      if (!known) return invalidNamespace(namespace);
    }
    return {
      status: 404,
      code: 'InvalidResourceType',
      message: `The resource type '${type}' could not be found in the namespace '${namespace}' for api version '${apiVersion}'.`,
    };
  }

  #unknownVersion(visit: Visit, type: ResourceType): ArmError {
    const supported = type.apiVersions.join(', ');
    if (namespaceOf(type.type) === 'Microsoft.Resources' || !/^\d{4}-\d\d-\d\d(-[a-z]+)?$/.test(visit.apiVersion)) {
      return {
        status: 400,
        code: 'InvalidApiVersionParameter',
        message: `The api-version '${visit.apiVersion}' is invalid. The supported versions are '${supported}'.`,
      };
    }
    const word = type.type.slice(namespaceOf(type.type).length + 1);
    return {
      status: 400,
      code: 'NoRegisteredProviderFound',
      message:
        `No registered resource provider found for location '${this.#locationWanted(visit, type) ?? ''}' and API version ` +
        `'${visit.apiVersion}' for type '${word}'. The supported api-versions are '${supported}'. The supported ` +
        `locations are '${locationsOf(type).join(', ')}'.`,
    };
  }
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Wall milliseconds by which an answer is held back. */
export function responseDelayMs(settings: SimulationSettings, nth: number): number {
  const { seed, responseDelayMs: range } = settings.get('latency');
  const [least, most] = range;
  return least + Math.floor(seededRandom(`${seed} answer ${nth}`)() * (most - least));
}

function scopeOf(visit: Visit): string {
  return `/subscriptions/${visit.subscription}`;
}

/** What a caller must be allowed to do, which is also the name of the operation. */
function permissionFor(
  target: Extract<Target, { kind: 'resource' | 'action' | 'collection' }>,
  method: Method,
): string {
  const { type } = target;
  if (target.kind !== 'action') return `${permissionType(type.type)}/${verbOf(method)}`;
  return type.actions?.[target.action]?.permission ?? `${permissionType(type.type)}/${target.action}/action`;
}

function isErrorAnswer(answer: Json | ArmErrorAnswer): answer is ArmErrorAnswer {
  return isJsonObject(answer) && 'armError' in answer;
}

function refusal(error: ArmError): Draft {
  return { status: error.status, error };
}

/** What a fault does to the operation of a request that is let in. */
function operationFault(effect: FaultEffect | undefined): Pick<Visit, 'failWith' | 'operationSeconds'> {
  switch (effect?.kind) {
    case 'fail-operation':
      return {
        failWith: { status: 400, code: effect.code, message: `The operation failed: ${effect.code}.`, details: [] },
      };
    case 'slow-operation':
      return { operationSeconds: effect.seconds };
    default:
      return {};
  }
}

function faultDraft(effect: Extract<FaultEffect, { kind: 'answer' }>): Draft {
  const { status, code, retryAfterSeconds } = effect;
  const pace = retryAfterSeconds === undefined ? undefined : { 'Retry-After': String(retryAfterSeconds) };
  const message = `${code}: a fault of the simulation.`;
  if (status === 401)
    return refusal({ ...unauthenticated(code, message), ...(pace === undefined ? {} : { headers: pace }) });
  return refusal({ status, code, message, ...(pace === undefined ? {} : { headers: pace }) });
}
