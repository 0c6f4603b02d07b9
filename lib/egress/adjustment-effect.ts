import { type Adjustment, adjusted, overriding, PUBLIC_IP_COUNT } from '../baseline/adjustments.ts';
import { readFirewallPublicIpValue } from '../baseline/firewall-public-ip-value.ts';
import type { ResolvedBaseline } from '../baseline/resolved.ts';
import { isOfAdjustment } from '../plan/deletions.ts';
import { normaliseId, sameId } from '../plan/graph.ts';
import type { LedgerEntry } from '../plan/ledger.ts';
import { ownedBeforeOf } from '../plan/merge.ts';

/** An address that is on nothing and is kept until then, an ISO time. */
export interface KeptAddress {
  readonly name: string;
  readonly until: string;
}

/** What comes of recording an adjustment, or of ending one. */
export interface AdjustmentEffect<One extends Adjustment = Adjustment> {
  /** Adjustments of the same thing that do not count while this one lives. */
  readonly overrides: readonly One[];
  /** Those that this one had overridden and that count again. */
  readonly countAgain: readonly One[];
  /** Names of public addresses that leave the firewall. */
  readonly takesOff: readonly string[];
  /** Names of public addresses that are deleted: nobody gets them again. */
  readonly deletes: readonly string[];
  readonly keeps: readonly KeptAddress[];
}

export interface AdjustmentChange<One extends Adjustment = Adjustment> {
  /** The spec in force without adjustments. */
  readonly resolved: ResolvedBaseline;
  readonly ledger: readonly LedgerEntry[];
  readonly id: string;
  readonly before: readonly One[];
  readonly after: readonly One[];
  readonly nowIso: string;
}

/** What comes of a change of one adjustment, as spec and ledger have it; what Azure or the guard refuses stays. Pure. */
export function effectOfAdjusting<One extends Adjustment>(change: AdjustmentChange<One>): AdjustmentEffect<One> {
  const { id, before, after, nowIso } = change;
  const overriddenBefore = overriding(before, nowIso);
  const overridden = overriding(after, nowIso);
  const isAboutAddresses = [...before, ...after].some((one) => one.id === id && one.kind === PUBLIC_IP_COUNT);
  return {
    overrides: after.filter((one) => overridden.get(one.id)?.id === id),
    countAgain: after.filter(
      (one) => one.id !== id && overriddenBefore.get(one.id)?.id === id && !overridden.has(one.id),
    ),
    ...(isAboutAddresses ? addressesAfter(change) : { takesOff: [], deletes: [], keeps: [] }),
  };
}

/** `more-ips (4)`; of several `more-ips (4), snat-relief (5)`. */
export function briefText(adjustments: readonly Pick<Adjustment, 'id' | 'value'>[]): string {
  return adjustments
    .map(({ id, value }) => `${id} (${readFirewallPublicIpValue(value)?.count ?? JSON.stringify(value)})`)
    .join(', ');
}

/** Addresses of the firewall that are on nothing and that an adjustment keeps. `baseline` with its adjustments. Pure. */
export function keptAddresses({ publicIpAddresses }: ResolvedBaseline): readonly KeptAddress[] {
  return publicIpAddresses.flatMap(({ name, keptUntil }) =>
    keptUntil === undefined ? [] : [{ name, until: keptUntil }],
  );
}

function addressesAfter({
  resolved,
  ledger,
  after,
  nowIso,
}: AdjustmentChange): Pick<AdjustmentEffect, 'takesOff' | 'deletes' | 'keeps'> {
  const baseline = adjusted(resolved, after, nowIso);
  const { mode } = resolved.spec;
  const keeps = keptAddresses(baseline);
  if (mode === 'observe' || mode === 'create-only') return { takesOff: [], deletes: [], keeps };
  const declared = new Set(baseline.publicIpAddresses.map(({ id }) => normaliseId(id)));
  const leaving = ledger.filter(
    (entry) =>
      entry.kind === 'publicIPAddress' &&
      entry.scope === 'egress' &&
      entry.created &&
      !declared.has(normaliseId(entry.id)) &&
      // Nothing else that is no longer declared is deleted then.
      (mode === 'full' || isOfAdjustment(entry)),
  );
  return { takesOff: takenOff(baseline, ledger), deletes: leaving.map(({ id }) => nameOf(id)).sort(), keeps };
}

/** Names of the configurations that we have given the firewall and that it is no longer to have. */
function takenOff({ firewall }: ResolvedBaseline, ledger: readonly LedgerEntry[]): readonly string[] {
  const entry = ledger.find(({ id }) => sameId(id, firewall?.id ?? ''));
  const wanted = new Set(firewall?.publicIps.map(({ configurationName }) => configurationName.toLowerCase()));
  const ours = Object.keys(ownedBeforeOf(entry)).flatMap((path) => {
    const name = /^properties\.ipConfigurations\[([^\]]+)\]/.exec(path)?.[1];
    return name === undefined ? [] : [name];
  });
  return [...new Set(ours)].filter((name) => !wanted.has(name.toLowerCase())).sort();
}

function nameOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}
