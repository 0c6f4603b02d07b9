import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../../local/azure/json.ts';
import { Azure, at } from './harness.ts';

/** One rule of Azure, from either side. */
export interface RuleCase {
  /** Completes "refuses …" or "accepts …". */
  readonly name: string;
  readonly given?: (azure: Azure) => void;
  /** Default PUT. */
  readonly method?: 'PUT' | 'DELETE' | 'PATCH';
  readonly id: string;
  readonly body?: JsonObject;
  readonly query?: string;
}

export interface Refusal extends RuleCase {
  readonly status?: number;
  readonly code: string;
  /** Code of the first detail. */
  readonly detail?: string;
  readonly message?: RegExp;
}

export interface Acceptance extends RuleCase {
  /** What holds once everything has ended. */
  readonly after: (azure: Azure) => void;
}

/** A simulation for each test of the surrounding block. */
export function eachWithAzure(): () => Azure {
  let azure: Azure | undefined;
  beforeEach(() => {
    azure = new Azure();
  });
  afterEach(() => azure?.close());
  return () => {
    if (azure === undefined) throw new Error('There is a simulation inside tests only.');
    return azure;
  };
}

/** The request is refused with exactly this status and code (400 unless said), and the world is as it was. */
export function refuses(cases: readonly Refusal[]): void {
  const azure = eachWithAzure();
  it.each(cases.map((one) => [one.name, one] as const))('refuses %s', (_name, one) => {
    one.given?.(azure());
    const before = azure().simulation.state();
    const answer = azure().request(one.method ?? 'PUT', one.id, one.body, one.query);
    expect({ status: answer.status, code: answer.code }).toEqual({ status: one.status ?? 400, code: one.code });
    if (one.detail !== undefined) expect(answer.details).toContain(one.detail);
    if (one.message !== undefined) expect(answer.message).toMatch(one.message);
    expect(azure().simulation.state()).toEqual(before);
  });
}

/** The request is accepted, its operation succeeds, and then something holds. */
export function accepts(cases: readonly Acceptance[]): void {
  const azure = eachWithAzure();
  it.each(cases.map((one) => [one.name, one] as const))('accepts %s', (_name, one) => {
    one.given?.(azure());
    const answer = azure().request(one.method ?? 'PUT', one.id, one.body, one.query);
    expect({ code: answer.code, message: answer.message }).toEqual({ code: undefined, message: undefined });
    expect(answer.status).toBeLessThan(300);
    azure().settle();
    const operation = answer.headers['azure-asyncoperation'];
    if (operation !== undefined) expect(azure().poll(operation).body.status).toBe('Succeeded');
    one.after(azure());
  });
}

/** Names of the objects in a list of a body, in order. */
export function namesIn(body: JsonObject, ...path: readonly string[]): readonly unknown[] {
  const list = at(body, ...path);
  return Array.isArray(list) ? list.map((item) => at(item, 'name')) : [];
}
