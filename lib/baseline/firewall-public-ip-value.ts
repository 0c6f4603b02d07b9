import { z } from 'zod';
import type { Json } from '../json.ts';
import { resourceName } from './spec/common.ts';
import { violationsOfIssues } from './spec-issues.ts';

/** An address that left the firewall and is kept for whoever has it on an allow-list. */
export interface ReservedAddress {
  readonly name: string;
  /** ISO time from which on it is no longer kept. */
  readonly until: string;
}

/** Value of an adjustment `firewallPublicIpCount`. */
export interface FirewallPublicIpValue {
  /** How many public addresses of ours the firewall has; kept within the bounds of the spec. */
  readonly count: number;
  /** Names of addresses that are passed over: others of ours, pinned ones above all, stay attached in their place. */
  readonly detached: readonly string[];
  /** Those of the detached ones that are kept for a while. */
  readonly reserved: readonly ReservedAddress[];
}

const count = z.int().min(1).max(250);

const reservedAddress = z.strictObject({
  name: resourceName,
  until: z.iso.datetime({
    offset: true,
    error: 'must be an ISO 8601 time with a zone, such as 2026-03-01T09:30:00Z',
  }),
});

const detailed = z.strictObject({
  count,
  detached: z.array(resourceName).max(250).default([]),
  reserved: z.array(reservedAddress).max(250).default([]),
});

const plain = count.transform((value): FirewallPublicIpValue => ({ count: value, detached: [], reserved: [] }));

/** A number, or more than a number. */
function schemaOf(value: unknown): z.ZodType<FirewallPublicIpValue> {
  return typeof value === 'object' && value !== null ? detailed : plain;
}

/** A value as it can be read, or the first thing that is wrong with it and where, as `value.reserved[0].until`. */
export type ReadFirewallPublicIpValue =
  | { readonly value: FirewallPublicIpValue }
  | { readonly wrong: string; readonly path: string };

/** Reads a value: a whole number from 1 to 250, or `{count, detached, reserved}`. */
export function checkFirewallPublicIpValue(value: unknown): ReadFirewallPublicIpValue {
  const { data, error } = schemaOf(value).safeParse(value, { reportInput: true });
  if (data !== undefined) return { value: data };
  const [fault] = violationsOfIssues(error.issues.map((issue) => ({ ...issue, path: ['value', ...issue.path] })));
  return { wrong: fault?.message ?? 'The value cannot be read.', path: fault?.path ?? 'value' };
}

/** The same; undefined for what cannot be read. */
export function readFirewallPublicIpValue(value: unknown): FirewallPublicIpValue | undefined {
  const read = checkFirewallPublicIpValue(value);
  return 'value' in read ? read.value : undefined;
}

/** The plain number where nothing else is said, as an operator would write it. */
export function writeFirewallPublicIpValue(value: FirewallPublicIpValue): Json {
  if (value.detached.length === 0 && value.reserved.length === 0) return value.count;
  const reserved = value.reserved.map(({ name, until }) => ({ name, until }));
  return { count: value.count, detached: value.detached, reserved };
}
