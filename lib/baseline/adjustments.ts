import { grown } from '../egress/public-ip-adjustment.ts';
import { sameId } from '../plan/graph.ts';
import { someOf } from '../plan/node-changes.ts';
import type { Problem } from '../problem.ts';
import type { Adjustment, AdjustmentKind, AdjustmentSurroundings } from './adjustment-kind.ts';
import { parseArmId } from './arm-id.ts';
import { knownAddressNames, unknownAddressName } from './firewall-address-names.ts';
import {
  checkFirewallPublicIpValue,
  type FirewallPublicIpValue,
  readFirewallPublicIpValue,
} from './firewall-public-ip-value.ts';
import { diagnosticSettingName, diagnosticSettings } from './resolve/diagnostics.ts';
import { NameBook } from './resolve/name-book.ts';
import { hubPlace, uniqueById } from './resolve/place.ts';
import { firewallPublicEgress } from './resolve/public-egress.ts';
import type { ResolvedBaseline, ResolvedFirewall, ResolvedPublicIpAddress } from './resolved.ts';
import { networkSecurityRule } from './security-rule-adjustment.ts';
import type { FirewallSpec } from './spec.ts';

export type { Adjustment } from './adjustment-kind.ts';

/** Microsoft documents 250 public addresses as the most of one firewall. */
const MOST_ADDRESSES = 250;
/** Names that a message lists before it counts the rest. */
const MOST_LISTED = 30;
/** Name of the kind of adjustment that says how many public addresses the firewall has. */
export const PUBLIC_IP_COUNT = 'firewallPublicIpCount';
/** Who a reaction's own adjustments are by. */
const REACTIONS = 'hubkeeper';

/** Names, in lower case, of what a reaction never takes off: pinned addresses, existing ones, and the first. */
function kept(firewall: FirewallSpec, addresses: readonly ResolvedPublicIpAddress[]): ReadonlySet<string> {
  const names = addresses
    // The first one carries the subnet: Azure does not let it go.
    .filter(({ presence }, index) => index === 0 || presence === 'reference')
    .map(({ name }) => name);
  return new Set([...names, ...firewall.publicIps.pinned].map((name) => name.toLowerCase()));
}

/** The first addresses that the firewall may have, in the order in which they are attached. */
function firstAddresses(
  { spec }: ResolvedBaseline,
  firewall: FirewallSpec,
  count: number,
): readonly ResolvedPublicIpAddress[] {
  const place = { ...hubPlace(spec.hub), scope: 'egress', path: 'hub.firewall.publicIps' };
  return firewallPublicEgress(firewall, place, new NameBook(spec.nameOverrides), count).addresses;
}

function withPublicIps(
  baseline: ResolvedBaseline,
  firewall: ResolvedFirewall,
  wanted: FirewallPublicIpValue,
  untilIso: string | undefined,
  nowIso: string,
): ResolvedBaseline {
  const spec = baseline.spec.hub.firewall;
  if (spec === undefined) return baseline;
  const { minimum, maximum } = firewall.publicIpBounds;
  const count = Math.max(Math.min(Math.max(wanted.count, minimum), maximum), 1);
  // Far enough to find the wanted number behind those that are passed over, every pinned one, and every reserved one:
  // that may be of a time when the spec allowed more.
  const reach = Math.max(maximum, count + wanted.detached.length, wanted.reserved.length > 0 ? MOST_ADDRESSES : 0);
  const addresses = firstAddresses(baseline, spec, reach);
  const keep = kept(spec, addresses);
  const detached = new Set(wanted.detached.map((name) => name.toLowerCase()).filter((name) => !keep.has(name)));
  const attachable = addresses.filter(({ name }) => !detached.has(name.toLowerCase()));
  const attached = attachable.slice(0, Math.max(count, lastPinned(spec, attachable)));
  const onFirewall = new Set(attached.map(({ name }) => name.toLowerCase()));
  const now = Date.parse(nowIso);
  const reserved = new Map(
    wanted.reserved
      .filter(({ until }) => Date.parse(until) > now)
      .map(({ name, until }) => [name.toLowerCase(), earlier(until, untilIso)]),
  );
  const left = addresses.filter(({ name }) => !onFirewall.has(name.toLowerCase()));
  // The spec still declares those of its own: they are kept for as long as it does.
  const released = left.filter(({ name, owner }) => owner === 'spec' && detached.has(name.toLowerCase()));
  const keptForAWhile = left.flatMap((address) => {
    const keptUntil = reserved.get(address.name.toLowerCase());
    return keptUntil === undefined ? [] : [{ ...address, keptUntil }];
  });
  const idle = [...released, ...keptForAWhile];
  const before = new Set(
    baseline.publicIpAddresses.filter(({ purpose }) => purpose === 'firewall').map(({ id }) => id),
  );
  const others = baseline.publicIpAddresses.filter(({ id }) => !before.has(id));
  const adjusted = {
    ...baseline,
    firewall: {
      ...firewall,
      publicIps: attached.map(({ id, name, owner }) => ({ configurationName: name, id, owner })),
      ...(released.length === 0 ? {} : { releasedConfigurations: released.map(({ name }) => name) }),
    },
    publicIpAddresses: uniqueById([...attached, ...idle, ...others]),
  };
  return { ...adjusted, diagnosticSettings: diagnosticSettings(adjusted, diagnosticSettingName(baseline)) };
}

/** The earlier of two ISO times: what an adjustment keeps goes with it at the latest. */
function earlier(iso: string, otherIso: string | undefined): string {
  return otherIso !== undefined && Date.parse(otherIso) < Date.parse(iso) ? otherIso : iso;
}

/** How many of the addresses there must be at least so that the last pinned one is among them. */
function lastPinned(firewall: FirewallSpec, addresses: readonly ResolvedPublicIpAddress[]): number {
  const pinned = new Set(firewall.publicIps.pinned.map((name) => name.toLowerCase()));
  // A name that is pinned before the spec has its address does not call it into being.
  return addresses.findLastIndex(({ name, owner }) => owner === 'spec' && pinned.has(name.toLowerCase())) + 1;
}

/**
 * Names of the addresses that a person wants off the firewall, by the newest of the live adjustments that persons made of
 * it: no reaction brings them back.
 */
function leftOffByPersons({ firewall }: ResolvedBaseline, live: readonly Adjustment[]): readonly string[] {
  const newest = live.findLast(
    ({ kind, target, by }) => kind === PUBLIC_IP_COUNT && by !== REACTIONS && sameId(target, firewall?.id ?? ''),
  );
  return newest === undefined ? [] : (readFirewallPublicIpValue(newest.value)?.detached ?? []);
}

/**
 * What an adjustment says of the firewall's addresses; undefined: nothing that can be read. A reaction only adds to what
 * the spec declares, also when that has grown since: its number is the spec's at least, and an address that the spec
 * declares comes back beside the others unless a person wants it off. A person's adjustment holds as it is.
 */
function publicIpValueOf(
  adjustment: Adjustment,
  baseline: ResolvedBaseline,
  live: readonly Adjustment[],
  nowIso: string,
): FirewallPublicIpValue | undefined {
  const value = readFirewallPublicIpValue(adjustment.value);
  const spec = baseline.spec.hub.firewall;
  if (value === undefined || spec === undefined || adjustment.by !== REACTIONS) return value;
  const leftOff = leftOffByPersons(baseline, live);
  const passedOver = new Set(leftOff.map((name) => name.toLowerCase()));
  const declared = firstAddresses(baseline, spec, spec.publicIps.count);
  const isAttachedAnyway = kept(spec, declared);
  const returning = new Set(
    declared
      .map(({ name }) => name.toLowerCase())
      .filter((name) => !passedOver.has(name) && !isAttachedAnyway.has(name)),
  );
  const detached = value.detached.filter((name) => !returning.has(name.toLowerCase()));
  const count = value.count + value.detached.length - detached.length;
  return grown({ ...value, count, detached }, spec.publicIps.count, Date.parse(nowIso), leftOff);
}

/** The least and the most addresses that an adjustment may ask for: the bounds of the spec, and every pinned one. */
function boundsOf(
  baseline: ResolvedBaseline,
  firewall: ResolvedFirewall,
): { readonly least: number; readonly most: number } {
  const { minimum, maximum } = firewall.publicIpBounds;
  const pinned = new Set((baseline.spec.hub.firewall?.publicIps.pinned ?? []).map((name) => name.toLowerCase()));
  const last = firewall.publicIps.findLastIndex(({ configurationName }) => pinned.has(configurationName.toLowerCase()));
  const least = Math.max(minimum, last + 1, 1);
  return { least, most: Math.max(maximum, least) };
}

/** Why the names of a value, or the ends of its reservations, keep nothing; undefined: they do. */
function faultOfKept(
  value: FirewallPublicIpValue,
  { since, target }: Adjustment,
  baseline: ResolvedBaseline,
  { live, ledgerIds }: AdjustmentSurroundings,
): Problem | undefined {
  const spec = baseline.spec.hub.firewall;
  if (spec === undefined || (value.detached.length === 0 && value.reserved.length === 0)) return undefined;
  const names = knownAddressNames({
    possible: firstAddresses(baseline, spec, MOST_ADDRESSES),
    adjusted: adjusted(baseline, live, since),
    values: live
      .filter((one) => one.kind === PUBLIC_IP_COUNT && sameId(one.target, target))
      .flatMap((one) => readFirewallPublicIpValue(one.value) ?? []),
    ledgerIds,
  });
  const unknown = unknownAddressName(value, names);
  if (unknown !== undefined) {
    return {
      code: 'AdjustmentAddressUnknown',
      actor: 'caller',
      message: `${unknown.name} is no address of the firewall ${parseArmId(target).name}.`,
      remedy: `Use the name of one of its addresses: ${someOf(names, MOST_LISTED)}.`,
      path: unknown.path,
    };
  }
  const ended = value.reserved.findIndex(({ until }) => Date.parse(until) <= Date.parse(since));
  const reservation = value.reserved[ended];
  if (reservation === undefined) return undefined;
  return {
    code: 'AdjustmentValueInvalid',
    actor: 'caller',
    message: `${reservation.name} would not be kept: ${reservation.until} is not in the future.`,
    remedy: 'Give a time that is still to come, or leave the address out.',
    path: `value.reserved[${ended}].until`,
  };
}

/** How many public addresses the firewall has, and which of ours are passed over or only kept. */
const firewallPublicIpCount: AdjustmentKind = {
  name: PUBLIC_IP_COUNT,
  isOnePerTarget: true,
  idOf: (target, { firewall }) =>
    firewall !== undefined && [firewall.id, parseArmId(firewall.id).name].some((one) => sameId(one, target))
      ? firewall.id
      : target,
  scopeOf: (target, { firewall }) => (firewall !== undefined && sameId(firewall.id, target) ? 'egress' : undefined),
  validate: (adjustment, baseline, surroundings) => {
    const { firewall } = baseline;
    if (firewall === undefined || !sameId(firewall.id, adjustment.target)) {
      return {
        code: 'AdjustmentTargetUnknown',
        actor: 'caller',
        message: `The baseline has no firewall ${adjustment.target}.`,
        remedy:
          firewall === undefined
            ? 'Give the spec a firewall first.'
            : `Name the firewall of the baseline as target: ${parseArmId(firewall.id).name}, or ${firewall.id}.`,
        path: 'target',
      };
    }
    const { least, most } = boundsOf(baseline, firewall);
    const read = checkFirewallPublicIpValue(adjustment.value);
    if ('wrong' in read) {
      return {
        code: 'AdjustmentValueInvalid',
        actor: 'caller',
        message: read.wrong,
        remedy: `Give a whole number from ${least} to ${most}, the bounds of hub.firewall.publicIps, or {"count": NUMBER, "detached": [NAME, …], "reserved": [{"name": NAME, "until": TIME}, …]}.`,
        path: read.path,
      };
    }
    const wanted = read.value;
    if (wanted.count >= least && wanted.count <= most) return faultOfKept(wanted, adjustment, baseline, surroundings);
    return {
      code: 'AdjustmentOutOfBounds',
      actor: 'caller',
      message: `${wanted.count} public IP addresses are outside of the bounds of the spec, ${least} to ${most}.`,
      remedy: `Give a number from ${least} to ${most}, or change minimum, maximum or pinned of hub.firewall.publicIps in the spec.`,
      path: 'value',
    };
  },
  apply: (adjustment, baseline, live, nowIso) => {
    const { firewall } = baseline;
    const value = publicIpValueOf(adjustment, baseline, live, nowIso);
    if (firewall === undefined || value === undefined || !sameId(firewall.id, adjustment.target)) return baseline;
    return withPublicIps(baseline, firewall, value, adjustment.until, nowIso);
  },
};

/** The kinds of adjustment that this version knows; others are ignored, so that an older app does not trip over them. */
export const knownAdjustmentKinds: ReadonlyMap<string, AdjustmentKind> = new Map([
  [firewallPublicIpCount.name, firewallPublicIpCount],
  [networkSecurityRule.name, networkSecurityRule],
]);

/** ARM id of what a person names as target of an adjustment; what names nothing of the baseline stays as it is. */
export function adjustmentTarget(kind: string, target: string, baseline: ResolvedBaseline): string {
  return knownAdjustmentKinds.get(kind)?.idOf(target, baseline) ?? target;
}

/** The part of the baseline that an adjustment of this target belongs to; undefined for what names nothing of it. */
export function adjustmentScope(kind: string, target: string, baseline: ResolvedBaseline): string | undefined {
  return knownAdjustmentKinds.get(kind)?.scopeOf(target, baseline);
}

/**
 * What is wrong with an adjustment for this baseline, beside the other ones that are live at its beginning and what the
 * ledger says is ours; undefined when nothing is.
 */
export function validateAdjustment(
  adjustment: Adjustment,
  baseline: ResolvedBaseline,
  adjustments: readonly Adjustment[] = [],
  ledgerIds: readonly string[] = [],
): Problem | undefined {
  const kind = knownAdjustmentKinds.get(adjustment.kind);
  if (kind !== undefined) {
    const live = liveOnes(adjustments, adjustment.since);
    return kind.validate(adjustment, baseline, { live, ledgerIds }) ?? wrongScope(kind, adjustment, baseline);
  }
  return {
    code: 'AdjustmentKindUnknown',
    actor: 'caller',
    message: `There is no adjustment of kind ${adjustment.kind}.`,
    remedy: `Use one of: ${[...knownAdjustmentKinds.keys()].join(', ')}.`,
    path: 'kind',
  };
}

function wrongScope(
  kind: AdjustmentKind,
  { target, scope }: Adjustment,
  baseline: ResolvedBaseline,
): Problem | undefined {
  const own = kind.scopeOf(target, baseline);
  if (own === undefined || own === scope) return undefined;
  return {
    code: 'AdjustmentScopeWrong',
    actor: 'caller',
    message: `The target is of the part '${own}' of the baseline, not of '${scope}'.`,
    remedy: `Leave the scope out, or say '${own}'.`,
    path: 'scope',
  };
}

/** Whether it counts at that time. One without an end counts until it is removed. */
export function isLive(adjustment: Adjustment, nowIso: string): boolean {
  const now = Date.parse(nowIso);
  if (Date.parse(adjustment.since) > now) return false;
  return adjustment.until === undefined || Date.parse(adjustment.until) > now;
}

/** Every adjustment that counts at that time, the oldest first. */
function liveOnes<One extends Adjustment>(adjustments: readonly One[], nowIso: string): readonly One[] {
  return adjustments
    .filter((adjustment) => isLive(adjustment, nowIso))
    .toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since) || (a.id < b.id ? -1 : 1));
}

/**
 * The baseline with every live adjustment at that time, the oldest first: of two for one thing the newer one holds, whole.
 */
export function adjusted(
  baseline: ResolvedBaseline,
  adjustments: readonly Adjustment[],
  nowIso: string,
): ResolvedBaseline {
  const live = liveOnes(adjustments, nowIso);
  return live.reduce(
    (current, adjustment) =>
      knownAdjustmentKinds.get(adjustment.kind)?.apply(adjustment, current, live, nowIso) ?? current,
    baseline,
  );
}

/** Of each live adjustment that does not count at that time, the one that holds in its place, by id. Pure. */
export function overriding<One extends Adjustment>(
  adjustments: readonly One[],
  nowIso: string,
): ReadonlyMap<string, One> {
  const live = liveOnes(adjustments, nowIso);
  const found = live.flatMap((one, index) => {
    if (knownAdjustmentKinds.get(one.kind)?.isOnePerTarget !== true) return [];
    const newest = live
      .slice(index + 1)
      .findLast(({ kind, target }) => kind === one.kind && sameId(target, one.target));
    return newest === undefined ? [] : [[one.id, newest] as const];
  });
  return new Map(found);
}

/** Ids of the adjustments that count alone for their target at that time, by the part of the baseline that it is in. Pure. */
export function adjustmentsInForce(adjustments: readonly Adjustment[], nowIso: string): ReadonlyMap<string, string> {
  const overridden = overriding(adjustments, nowIso);
  return new Map(
    liveOnes(adjustments, nowIso)
      .filter(({ id, kind }) => knownAdjustmentKinds.get(kind)?.isOnePerTarget === true && !overridden.has(id))
      .map(({ id, scope }) => [scope, id]),
  );
}

/** What is in force about the firewall's public addresses. */
export interface PublicIpsInForce {
  /** Of the newest live adjustment, else of the spec. */
  readonly value: FirewallPublicIpValue;
  /** Names that a person's live adjustment wants off the firewall: no reaction brings them back. */
  readonly leftOff: readonly string[];
}

/** What adjustments and spec say of the firewall's public addresses at that time. Pure. */
export function publicIpsInForce(
  baseline: ResolvedBaseline,
  adjustments: readonly Adjustment[],
  nowIso: string,
): PublicIpsInForce {
  const { firewall, spec } = baseline;
  const live = liveOnes(adjustments, nowIso);
  const values = live
    .filter(({ kind, target }) => kind === PUBLIC_IP_COUNT && sameId(target, firewall?.id ?? ''))
    .flatMap((adjustment) => publicIpValueOf(adjustment, baseline, live, nowIso) ?? []);
  return {
    value: values.at(-1) ?? { count: spec.hub.firewall?.publicIps.count ?? 1, detached: [], reserved: [] },
    leftOff: leftOffByPersons(baseline, live),
  };
}
