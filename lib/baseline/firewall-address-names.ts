import { normaliseId } from '../plan/graph.ts';
import type { FirewallPublicIpValue } from './firewall-public-ip-value.ts';
import type { ResolvedBaseline, ResolvedPublicIpAddress } from './resolved.ts';

/** What an adjustment may name among the addresses that the firewall may have. */
export interface KnownAddresses {
  /** Every address that the firewall may have, in the order in which they are attached. */
  readonly possible: readonly ResolvedPublicIpAddress[];
  /** Spec and live adjustments together. */
  readonly adjusted: ResolvedBaseline;
  /** What the live adjustments of the firewall say. */
  readonly values: readonly FirewallPublicIpValue[];
  /** ARM ids of what the ledger says is ours. */
  readonly ledgerIds: readonly string[];
}

/** Names of the firewall's addresses that are declared, named by a live adjustment, or ours by the ledger. Pure. */
export function knownAddressNames({ possible, adjusted, values, ledgerIds }: KnownAddresses): readonly string[] {
  const ids = new Set([...adjusted.publicIpAddresses.map(({ id }) => id), ...ledgerIds].map(normaliseId));
  const named = new Set(
    values
      .flatMap(({ detached, reserved }) => [...detached, ...reserved.map(({ name }) => name)])
      .map((name) => name.toLowerCase()),
  );
  return possible
    .filter(({ id, name }) => ids.has(normaliseId(id)) || named.has(name.toLowerCase()))
    .map(({ name }) => name);
}

/** The first name of a value that is none of these, and where; undefined: all are. */
export function unknownAddressName(
  { detached, reserved }: FirewallPublicIpValue,
  known: readonly string[],
): { readonly name: string; readonly path: string } | undefined {
  const names = new Set(known.map((name) => name.toLowerCase()));
  const given = [
    ...detached.map((name, index) => ({ name, path: `value.detached[${index}]` })),
    ...reserved.map(({ name }, index) => ({ name, path: `value.reserved[${index}].name` })),
  ];
  return given.find(({ name }) => !names.has(name.toLowerCase()));
}
