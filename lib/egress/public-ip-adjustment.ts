import type { FirewallPublicIpValue } from '../baseline/firewall-public-ip-value.ts';

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

/** What to keep of a value: reservations that are over are no longer told. */
export function withoutEnded(value: FirewallPublicIpValue, nowMs: number): FirewallPublicIpValue {
  return { ...value, reserved: value.reserved.filter(({ until }) => Date.parse(until) > nowMs) };
}

/**
 * The value with more addresses. Those that were detached come back first, reserved ones before others: partners know
 * them, and their places in the prefixes are paid for. Those of `leftOff` stay away. A count that is not larger changes
 * nothing.
 */
export function grown(
  value: FirewallPublicIpValue,
  toCount: number,
  nowMs: number,
  leftOff: readonly string[] = [],
): FirewallPublicIpValue {
  const current = withoutEnded(value, nowMs);
  if (toCount <= current.count) return current;
  const mayReturn = current.detached.filter((name) => !leftOff.some((other) => same(other, name)));
  const isReserved = (name: string) => current.reserved.some((one) => same(one.name, name));
  const byWorth = [...mayReturn.filter(isReserved), ...mayReturn.filter((name) => !isReserved(name))];
  const back = byWorth.slice(0, toCount - current.count);
  const stays = (name: string) => !back.some((other) => same(other, name));
  return {
    count: toCount,
    detached: current.detached.filter(stays),
    reserved: current.reserved.filter(({ name }) => stays(name)),
  };
}

/** The value with one address less, which stays reserved until then. */
export function shrunk(
  value: FirewallPublicIpValue,
  name: string,
  reservedUntilMs: number,
  nowMs: number,
): FirewallPublicIpValue {
  const current = withoutEnded(value, nowMs);
  return {
    count: Math.max(1, current.count - 1),
    detached: [...current.detached.filter((other) => !same(other, name)), name],
    reserved: [
      ...current.reserved.filter((other) => !same(other.name, name)),
      { name, until: new Date(reservedUntilMs).toISOString() },
    ],
  };
}

/** Which reservations have ended: their addresses are given back at the next run. */
export function endedReservations(value: FirewallPublicIpValue, nowMs: number): readonly string[] {
  return value.reserved.filter(({ until }) => Date.parse(until) <= nowMs).map(({ name }) => name);
}
