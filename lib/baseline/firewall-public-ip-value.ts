import { z } from 'zod';
import type { Json } from '../json.ts';
import { resourceName } from './spec/common.ts';

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

const schema = z.union([
  count.transform((value) => ({ count: value, detached: [], reserved: [] })),
  z.strictObject({
    count,
    detached: z.array(resourceName).max(250).default([]),
    reserved: z
      .array(z.strictObject({ name: resourceName, until: z.iso.datetime({ offset: true }) }))
      .max(250)
      .default([]),
  }),
]);

/** Reads a value: a whole number from 1 to 250, or `{count, detached, reserved}`. Undefined for anything else. */
export function readFirewallPublicIpValue(value: unknown): FirewallPublicIpValue | undefined {
  const read = schema.safeParse(value);
  return read.success ? read.data : undefined;
}

/** The plain number where nothing else is said, as an operator would write it. */
export function writeFirewallPublicIpValue(value: FirewallPublicIpValue): Json {
  if (value.detached.length === 0 && value.reserved.length === 0) return value.count;
  const reserved = value.reserved.map(({ name, until }) => ({ name, until }));
  return { count: value.count, detached: value.detached, reserved };
}
