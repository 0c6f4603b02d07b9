import { pathSegments, type Target } from './arm-path.ts';
import type { ArmRequest } from './arm-request.ts';
import type { Json } from './json.ts';
import type { Method } from './resource-type.ts';
import type { RequestKind } from './throttle.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'POST'];

/** True for a method that ARM knows. */
export function isMethod(method: string): method is Method {
  return METHODS.includes(method);
}

/** The whole URL as the client sent it. */
export function fullUrl(request: ArmRequest): string {
  return `${request.baseUrl}${request.url}`;
}

/** The path, and the query with its names in lower case. */
export function splitUrl(url: string): { readonly path: string; readonly query: Readonly<Record<string, string>> } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const parameters = new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  return { path, query: Object.fromEntries([...parameters].map(([name, value]) => [name.toLowerCase(), value])) };
}

/** The subscription that a request is about, as written in its path. */
export function subscriptionOf(target: Target): string | undefined {
  if (target.kind === 'resource' || target.kind === 'action') return target.id.subscription;
  return 'subscription' in target ? target.subscription : undefined;
}

/** As what ARM counts a request. */
export function kindOf(method: string): RequestKind {
  switch (method.toUpperCase()) {
    case 'GET':
    case 'HEAD':
      return 'reads';
    case 'DELETE':
      return 'deletes';
    default:
      return 'writes';
  }
}

/** Last word of the action that a method needs. */
export function verbOf(method: Method): 'read' | 'write' | 'delete' {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'read';
    case 'DELETE':
      return 'delete';
    case 'PUT':
    case 'PATCH':
    case 'POST':
      return 'write';
  }
}

/** The resource group that an id lies in. */
export function groupIn(id: string): { readonly id: string; readonly name: string } | undefined {
  const [subscriptions, subscription, groups, name] = pathSegments(id);
  if (name === undefined || groups?.toLowerCase() !== 'resourcegroups') return undefined;
  return { id: `/${subscriptions}/${subscription}/${groups}/${name}`, name };
}

/** `undefined` for what is no JSON; no body at all is `null`. */
export function parseBody(text: string): Json | undefined {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
