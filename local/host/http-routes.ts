import { METHODS } from 'node:http';
import FindMyWay, { type HTTPMethod } from 'find-my-way';
import type { IndexedFunction, RefusedFunction } from './indexed-function.ts';

export interface RouteMatch {
  readonly target: IndexedFunction;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the function for a request. `path` is the undecoded path without its query. */
export type RouteFinder = (method: string, path: string) => RouteMatch | undefined;

interface Part {
  readonly text: string;
  readonly checks: readonly Check[];
}

interface Check {
  readonly param: string;
  readonly passes: (value: string) => boolean;
}

const PATTERNS: Readonly<Record<string, string>> = {
  int: '-?\\d+',
  long: '-?\\d+',
  bool: '(?:[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])',
  guid: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
  alpha: '[A-Za-z]+',
  decimal: '-?\\d+(?:\\.\\d+)?',
  double: '-?\\d+(?:\\.\\d+)?',
  float: '-?\\d+(?:\\.\\d+)?',
};

const NUMBER_CHECKS: Readonly<Record<string, (value: string, bounds: readonly number[]) => boolean>> = {
  min: (value, [least = 0]) => /^-?\d+$/.test(value) && Number(value) >= least,
  max: (value, [most = 0]) => /^-?\d+$/.test(value) && Number(value) <= most,
  range: (value, [least = 0, most = 0]) => /^-?\d+$/.test(value) && Number(value) >= least && Number(value) <= most,
  length: (value, [least = 0, most = least]) => value.length >= least && value.length <= most,
  minlength: (value, [least = 0]) => value.length >= least,
  maxlength: (value, [most = 0]) => value.length <= most,
};

/**
 * Lays out the routes of all HTTP functions. Literal segments win over parameters; case does not matter. A function
 * whose route cannot be understood, or is taken already, is refused.
 */
export function layOutRoutes(
  functions: readonly IndexedFunction[],
  routePrefix: string,
): { readonly find: RouteFinder; readonly refused: readonly RefusedFunction[] } {
  const router = FindMyWay({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    maxParamLength: 8192,
    allowUnsafeRegex: true,
  });
  const refused: RefusedFunction[] = [];
  for (const target of functions) {
    if (target.triggerType !== 'httptrigger') continue;
    try {
      for (const { path, checks, rest } of routesOf(target, routePrefix)) {
        router.on(methodsOf(target), path, noHandler, { target, checks, rest });
      }
    } catch (thrown) {
      refused.push({ name: target.name, reason: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  return {
    refused,
    find: (method, path) => {
      const found = router.find(method as HTTPMethod, path);
      if (found === null) return undefined;
      const { target, checks, rest } = found.store as Stored;
      if (refused.some((each) => each.name === target.name)) return undefined;
      const params: Record<string, string> = {};
      for (const [name, value] of Object.entries(found.params)) {
        if (value !== undefined) params[name === '*' ? rest : name] = value;
      }
      return checks.every((check) => check.passes(params[check.param] ?? '')) ? { target, params } : undefined;
    },
  };
}

interface Stored {
  readonly target: IndexedFunction;
  readonly checks: readonly Check[];
  readonly rest: string;
}

function noHandler(): void {
  throw new Error('Routes are only looked up.');
}

function methodsOf({ trigger }: IndexedFunction): HTTPMethod[] {
  const given = Array.isArray(trigger.methods) ? trigger.methods.map((each) => String(each).toUpperCase()) : [];
  const known: readonly string[] = METHODS;
  return (given.length === 0 ? ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] : given).filter((each) =>
    known.includes(each),
  ) as HTTPMethod[];
}

/** An optional last parameter makes two routes, and so does a catch-all, which also matches nothing. */
function routesOf(
  target: IndexedFunction,
  routePrefix: string,
): readonly { readonly path: string; readonly checks: readonly Check[]; readonly rest: string }[] {
  const route = String(target.trigger.route ?? target.name).replace(/^\/+|\/+$/g, '');
  const segments = [...routePrefix.split('/'), ...splitRoute(route)].filter((each) => each !== '');
  const parts: Part[] = [];
  const routes: { path: string; checks: readonly Check[]; rest: string }[] = [];
  const add = (rest: string, end: readonly string[]): void => {
    const path = `/${[...parts.map((part) => part.text), ...end].join('/')}`;
    routes.push({ path, checks: parts.flatMap((part) => part.checks), rest });
  };
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const catchAll = /^\{\*{1,2}([A-Za-z_]\w*)\}$/.exec(segment);
    if (catchAll !== null) {
      if (!isLast) throw new Error(`In the route "${route}" only the last segment can be a catch-all.`);
      add('*', []);
      add(catchAll[1] ?? '*', ['*']);
      return routes;
    }
    const isOptional = /^\{[^}]*\?\}$/.test(segment);
    if (isOptional && !isLast) throw new Error(`In the route "${route}" only the last segment can be optional.`);
    if (isOptional) add('*', []);
    parts.push(partOf(isOptional ? `${segment.slice(0, -2)}}` : segment, route));
  }
  add('*', []);
  return routes;
}

/** Splits at slashes, though not inside braces (a regular expression may hold some). */
function splitRoute(route: string): readonly string[] {
  const segments: string[] = [];
  let depth = 0;
  let segment = '';
  for (const char of route) {
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if (char === '/' && depth === 0) {
      segments.push(segment);
      segment = '';
    } else {
      segment += char;
    }
  }
  return [...segments, segment];
}

function partOf(segment: string, route: string): Part {
  if (!/[{}]/.test(segment)) return { text: segment.replaceAll(':', '::'), checks: [] };
  const found = /^\{([A-Za-z_]\w*)((?::.+)?)\}$/.exec(segment);
  if (found === null) throw new Error(`The route "${route}" has a segment "${segment}" that is not supported here.`);
  const [, param = '', constraintText = ''] = found;
  const checks: Check[] = [];
  let pattern: string | undefined;
  for (const constraint of splitConstraints(constraintText)) {
    const [, name = '', argument] = /^([a-z]+)(?:\((.*)\))?$/.exec(constraint) ?? [];
    const known = PATTERNS[name];
    const numberCheck = NUMBER_CHECKS[name];
    if (known !== undefined && argument === undefined) pattern = known;
    else if (name === 'regex' && argument !== undefined) {
      const expression = new RegExp(argument);
      checks.push({ param, passes: (value) => expression.test(value) });
    } else if (numberCheck !== undefined && argument !== undefined) {
      const bounds = argument.split(',').map(Number);
      checks.push({ param, passes: (value) => numberCheck(value, bounds) });
    } else if (name !== 'required') {
      throw new Error(`The route "${route}" has a constraint "${constraint}" that is not supported here.`);
    }
  }
  return { text: pattern === undefined ? `:${param}` : `:${param}(^${pattern}$)`, checks };
}

function splitConstraints(text: string): readonly string[] {
  return (text.match(/:[a-z]+(?:\((?:[^()]|\([^()]*\))*\))?/g) ?? []).map((each) => each.slice(1));
}
