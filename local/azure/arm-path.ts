import type { Catalogue } from './catalogue.ts';
import type { ResourceId, ResourceType } from './resource-type.ts';

/** What the path of a request points at. */
export type Target =
  | { readonly kind: 'subscriptions' }
  | { readonly kind: 'subscription'; readonly subscription: string }
  | { readonly kind: 'locations'; readonly subscription: string }
  | { readonly kind: 'resources'; readonly subscription: string; readonly resourceGroup?: string }
  /** `/subscriptions/…/providers[/{namespace}[/register]]` */
  | {
      readonly kind: 'providers';
      readonly subscription: string;
      readonly namespace?: string;
      readonly verb?: string;
    }
  /** Where operations are polled: everything after the namespace is opaque. */
  | {
      readonly kind: 'operation';
      readonly subscription: string;
      readonly operation: string;
      /** What the poll answers: the operation's status, or its result once there is one. */
      readonly form: 'status' | 'result';
    }
  | { readonly kind: 'usages'; readonly subscription: string; readonly namespace: string; readonly location: string }
  | { readonly kind: 'feature'; readonly subscription: string; readonly namespace: string; readonly feature: string }
  | { readonly kind: 'resource'; readonly type: ResourceType; readonly id: ResourceId }
  | {
      readonly kind: 'collection';
      readonly type: ResourceType;
      readonly scopeId: string;
      readonly subscription: string;
    }
  | {
      readonly kind: 'action';
      readonly type: ResourceType;
      readonly id: ResourceId;
      readonly action: string;
    }
  /** `/providers/Microsoft.Authorization/policyDefinitions/{name}`: what Microsoft built in. */
  | { readonly kind: 'built-in'; readonly type: string; readonly name?: string }
  | { readonly kind: 'unknown-type'; readonly subscription?: string; readonly namespace: string; readonly type: string }
  | { readonly kind: 'nothing'; readonly subscription?: string };

/** Path segments: `%2F` decoded, doubled slashes put up with. */
export function pathSegments(path: string): readonly string[] {
  return safeDecode(path)
    .split('/')
    .filter((segment) => segment !== '');
}

/** The id without doubled slashes, decoded. */
export function cleanId(id: string): string {
  return `/${pathSegments(id).join('/')}`;
}

/** Equal for equal ids. */
export function idKey(id: string): string {
  return CLEAN.test(id) ? id.toLowerCase() : cleanId(id).toLowerCase();
}

/** Nothing to decode, no doubled or trailing slash: by far the most ids, and compared all the time. */
const CLEAN = /^(?:\/[^/%]+)+$/;

/** True if `key` lies below `ancestorKey` (both keys). */
export function isBelow(key: string, ancestorKey: string): boolean {
  return ancestorKey === '/' || key.startsWith(`${ancestorKey}/`);
}

const RESOURCE_GROUPS = 'Microsoft.Resources/resourceGroups';

/** Reads the path of a request. */
export function parseTarget(path: string, catalogue: Catalogue): Target {
  const segments = pathSegments(path);
  if (lower(segments[0]) === 'providers') return builtIn(segments);
  if (lower(segments[0]) !== 'subscriptions') return { kind: 'nothing' };
  const subscription = segments[1];
  if (subscription === undefined) return { kind: 'subscriptions' };
  const lastProviders = segments.findLastIndex((segment, index) => index > 1 && lower(segment) === 'providers');
  if (lastProviders >= 0) return belowProviders(segments, lastProviders, subscription, catalogue);
  return belowSubscription(segments, subscription, catalogue);
}

/** The id of a resource whose path is known to be one; undefined if it is not. */
export function parseId(id: string, catalogue: Catalogue): ResourceId | undefined {
  const target = parseTarget(id, catalogue);
  return target.kind === 'resource' ? target.id : undefined;
}

function builtIn(segments: readonly string[]): Target {
  const [, namespace, type, name] = segments;
  if (namespace === undefined || type === undefined) return { kind: 'nothing' };
  return { kind: 'built-in', type: `${namespace}/${type}`, ...(name === undefined ? {} : { name }) };
}

function belowSubscription(segments: readonly string[], subscription: string, catalogue: Catalogue): Target {
  const [, , word, name, rest] = segments;
  if (word === undefined) return { kind: 'subscription', subscription };
  switch (lower(word)) {
    case 'locations':
      return name === undefined ? { kind: 'locations', subscription } : { kind: 'nothing', subscription };
    case 'resources':
      return name === undefined ? { kind: 'resources', subscription } : { kind: 'nothing', subscription };
    case 'operationresults':
      return name === undefined
        ? { kind: 'nothing', subscription }
        : { kind: 'operation', subscription, operation: name, form: 'result' };
    case 'resourcegroups': {
      const type = catalogue.require(RESOURCE_GROUPS);
      if (name === undefined)
        return { kind: 'collection', type, scopeId: `/subscriptions/${subscription}`, subscription };
      if (rest === undefined) return { kind: 'resource', type, id: groupId(subscription, name) };
      if (lower(rest) === 'resources' && segments.length === 5) {
        return { kind: 'resources', subscription, resourceGroup: name };
      }
      return { kind: 'nothing', subscription };
    }
    default:
      return { kind: 'nothing', subscription };
  }
}

function belowProviders(segments: readonly string[], at: number, subscription: string, catalogue: Catalogue): Target {
  const scope = segments.slice(0, at);
  const [namespaceGiven, ...rest] = segments.slice(at + 1);
  if (namespaceGiven === undefined) {
    return at === 2 ? { kind: 'providers', subscription } : { kind: 'nothing', subscription };
  }
  const namespace = catalogue.namespace(namespaceGiven) ?? namespaceGiven;
  if (rest.length === 0) {
    return at === 2 ? { kind: 'providers', subscription, namespace } : { kind: 'nothing', subscription };
  }
  if (at === 2 && rest.length === 1 && ['register', 'unregister'].includes(lower(rest[0]))) {
    return { kind: 'providers', subscription, namespace, verb: lower(rest[0]) };
  }
  const special = atSubscription(at, rest, subscription, namespace);
  if (special !== undefined) return special;
  const feature = featureOf(segments, subscription);
  if (feature !== undefined) return feature;
  return typed(scope, namespace, rest, subscription, catalogue);
}

/** `locations/{l}/operations/{guid}`, `…/operationResults/{guid}`, `…/usages`. */
function atSubscription(
  at: number,
  rest: readonly string[],
  subscription: string,
  namespace: string,
): Target | undefined {
  if (at !== 2 || lower(rest[0]) !== 'locations') return undefined;
  const [, location, word, operation] = rest;
  if (location === undefined || word === undefined) return undefined;
  if (lower(word) === 'usages' && rest.length === 3) return { kind: 'usages', subscription, namespace, location };
  if (operation === undefined) return undefined;
  if (lower(word) === 'operations') return { kind: 'operation', subscription, operation, form: 'status' };
  if (lower(word) === 'operationresults') return { kind: 'operation', subscription, operation, form: 'result' };
  return undefined;
}

/** `/subscriptions/{s}/providers/Microsoft.Features/providers/{namespace}/features/{feature}` */
function featureOf(segments: readonly string[], subscription: string): Target | undefined {
  if (segments.length !== 8 || lower(segments[3]) !== 'microsoft.features') return undefined;
  const [, , , , providers, namespace, features, feature] = segments;
  if (lower(providers) !== 'providers' || lower(features) !== 'features') return undefined;
  if (namespace === undefined || feature === undefined) return undefined;
  return { kind: 'feature', subscription, namespace, feature };
}

function typed(
  scope: readonly string[],
  namespace: string,
  rest: readonly string[],
  subscription: string,
  catalogue: Catalogue,
): Target {
  const words = rest.filter((_, index) => index % 2 === 0);
  const type = catalogue.find(`${namespace}/${words.join('/')}`);
  const resourceGroup = lower(scope[2]) === 'resourcegroups' ? scope[3] : undefined;
  const scopeId = `/${scope.join('/')}`;
  if (rest.length % 2 === 0) {
    if (type === undefined || !fits(type, scope)) {
      return { kind: 'unknown-type', subscription, namespace, type: words.join('/') };
    }
    return { kind: 'resource', type, id: resourceId(scopeId, namespace, rest, subscription, resourceGroup, type) };
  }
  if (type !== undefined && (fits(type, scope) || fitsList(type, scope))) {
    const parent = rest.length === 1 ? scopeId : `${scopeId}/providers/${namespace}/${rest.slice(0, -1).join('/')}`;
    return { kind: 'collection', type, scopeId: parent, subscription };
  }
  const owner = catalogue.find(`${namespace}/${words.slice(0, -1).join('/')}`);
  const action = words.at(-1);
  const known = Object.keys(owner?.actions ?? {}).find((name) => lower(name) === lower(action));
  if (owner !== undefined && known !== undefined && rest.length > 1 && fits(owner, scope)) {
    const id = resourceId(scopeId, namespace, rest.slice(0, -1), subscription, resourceGroup, owner);
    return { kind: 'action', type: owner, id, action: known };
  }
  return { kind: 'unknown-type', subscription, namespace, type: words.join('/') };
}

function fits(type: ResourceType, scope: readonly string[]): boolean {
  switch (type.scope) {
    case 'extension':
      return true;
    case 'subscription':
      return scope.length === 2;
    case 'resourceGroup':
      return scope.length === 4 && lower(scope[2]) === 'resourcegroups';
  }
}

/** Resources of groups can be listed for a whole subscription, if they are nobody's children. */
function fitsList(type: ResourceType, scope: readonly string[]): boolean {
  return type.scope === 'resourceGroup' && scope.length === 2 && type.type.split('/').length === 2;
}

function resourceId(
  scopeId: string,
  namespace: string,
  rest: readonly string[],
  subscription: string,
  resourceGroup: string | undefined,
  type: ResourceType,
): ResourceId {
  // Type words are shown as registered, names as given.
  const words = type.type.split('/').slice(1);
  const path = rest.map((segment, index) => (index % 2 === 0 ? (words[index / 2] ?? segment) : segment));
  const base = `${scopeId}/providers/${namespace}`;
  const id = `${base}/${path.join('/')}`;
  return {
    id,
    key: id.toLowerCase(),
    subscription: subscription.toLowerCase(),
    ...(resourceGroup === undefined ? {} : { resourceGroup }),
    type: type.type,
    name: path.at(-1) ?? '',
    ...(path.length > 2 ? { parentId: `${base}/${path.slice(0, -2).join('/')}` } : {}),
    ...(type.scope === 'extension' ? { scopeId } : {}),
  };
}

function groupId(subscription: string, name: string): ResourceId {
  const id = `/subscriptions/${subscription}/resourceGroups/${name}`;
  return {
    id,
    key: id.toLowerCase(),
    subscription: subscription.toLowerCase(),
    resourceGroup: name,
    type: RESOURCE_GROUPS,
    name,
  };
}

function lower(text: string | undefined): string {
  return (text ?? '').toLowerCase();
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
