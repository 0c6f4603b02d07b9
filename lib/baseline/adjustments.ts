import { z } from 'zod';
import { sameId } from '../plan/graph.ts';
import type { Problem } from '../problem.ts';
import { parseArmId } from './arm-id.ts';
import { diagnosticSettingName, diagnosticSettings } from './resolve/diagnostics.ts';
import { NameBook } from './resolve/name-book.ts';
import { hubPlace, uniqueById } from './resolve/place.ts';
import { firewallPublicEgress } from './resolve/public-egress.ts';
import type { ResolvedBaseline, ResolvedFirewall } from './resolved.ts';

/** A recorded change that a reaction or an operator made to the desired state. */
export interface Adjustment {
  readonly id: string;
  /** One of `knownAdjustmentKinds`. */
  readonly kind: string;
  /** Part of the baseline, such as `egress`. */
  readonly scope: string;
  /** ARM id of what it changes. */
  readonly target: string;
  readonly value: unknown;
  readonly reason: string;
  /** ISO times; it counts from `since` on and no longer at `until`. Without `until` it counts until it is removed. */
  readonly since: string;
  readonly until?: string;
}

/** How one kind of adjustment is checked and applied. */
export interface AdjustmentKind {
  readonly name: string;
  /** ARM id of what a person names as target, by id or by name; what names nothing of the baseline stays. */
  idOf(target: string, baseline: ResolvedBaseline): string;
  /** What is wrong with target and value for this baseline; undefined when nothing is. */
  validate(adjustment: Adjustment, baseline: ResolvedBaseline): Problem | undefined;
  /** The baseline as the adjustment wants it, within the bounds of the spec in force. */
  apply(adjustment: Adjustment, baseline: ResolvedBaseline): ResolvedBaseline;
}

/** Microsoft documents 250 public addresses as the most of one firewall. */
const MOST_ADDRESSES = 250;

const addressCount = z.int().min(1).max(MOST_ADDRESSES);

/** Number of the last public address that others rely on, counted from 1; a firewall keeps at least so many. */
function lastPinned(firewall: ResolvedFirewall, baseline: ResolvedBaseline): number {
  const spec = baseline.spec.hub.firewall;
  if (spec === undefined || spec.publicIps.pinned.length === 0) return 0;
  const pinned = new Set(spec.publicIps.pinned.map((name) => name.toLowerCase()));
  return firewall.publicIps.findLastIndex(({ configurationName }) => pinned.has(configurationName.toLowerCase())) + 1;
}

function clampedCount(wanted: number, firewall: ResolvedFirewall, baseline: ResolvedBaseline): number {
  const { minimum, maximum } = firewall.publicIpBounds;
  return Math.max(Math.min(Math.max(wanted, minimum), maximum), lastPinned(firewall, baseline), 1);
}

function withPublicIpCount(baseline: ResolvedBaseline, firewall: ResolvedFirewall, wanted: number): ResolvedBaseline {
  const spec = baseline.spec.hub.firewall;
  if (spec === undefined) return baseline;
  const place = { ...hubPlace(baseline.spec.hub), scope: 'egress', path: 'hub.firewall.publicIps' };
  const names = new NameBook(baseline.spec.nameOverrides);
  const { addresses } = firewallPublicEgress(spec, place, names, clampedCount(wanted, firewall, baseline));
  const before = new Set(firewall.publicIps.map(({ id }) => id.toLowerCase()));
  const others = baseline.publicIpAddresses.filter(({ id }) => !before.has(id.toLowerCase()));
  const publicIps = addresses.map(({ id, name, owner }) => ({ configurationName: name, id, owner }));
  const adjusted = {
    ...baseline,
    firewall: { ...firewall, publicIps },
    publicIpAddresses: uniqueById([...addresses, ...others]),
  };
  return { ...adjusted, diagnosticSettings: diagnosticSettings(adjusted, diagnosticSettingName(baseline)) };
}

/** How many public addresses the firewall has. */
const firewallPublicIpCount: AdjustmentKind = {
  name: 'firewallPublicIpCount',
  idOf: (target, { firewall }) =>
    firewall !== undefined && [firewall.id, parseArmId(firewall.id).name].some((one) => sameId(one, target))
      ? firewall.id
      : target,
  validate: (adjustment, baseline) => {
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
    const least = clampedCount(1, firewall, baseline);
    const most = clampedCount(MOST_ADDRESSES, firewall, baseline);
    const count = addressCount.safeParse(adjustment.value);
    if (!count.success) {
      return {
        code: 'AdjustmentValueInvalid',
        actor: 'caller',
        message: `The number of public IP addresses is no integer from 1 to ${MOST_ADDRESSES}.`,
        remedy: `Give a whole number from ${least} to ${most}, the bounds of hub.firewall.publicIps.`,
        path: 'value',
      };
    }
    if (count.data >= least && count.data <= most) return undefined;
    return {
      code: 'AdjustmentOutOfBounds',
      actor: 'caller',
      message: `${count.data} public IP addresses are outside of the bounds of the spec, ${least} to ${most}.`,
      remedy: `Give a number from ${least} to ${most}, or change minimum, maximum or pinned of hub.firewall.publicIps in the spec.`,
      path: 'value',
    };
  },
  apply: (adjustment, baseline) => {
    const { firewall } = baseline;
    const count = addressCount.safeParse(adjustment.value);
    if (firewall === undefined || !count.success || !sameId(firewall.id, adjustment.target)) return baseline;
    return withPublicIpCount(baseline, firewall, count.data);
  },
};

/** The kinds of adjustment that this version knows; others are ignored, so that an older app does not trip over them. */
export const knownAdjustmentKinds: ReadonlyMap<string, AdjustmentKind> = new Map([
  [firewallPublicIpCount.name, firewallPublicIpCount],
]);

/** ARM id of what a person names as target of an adjustment; what names nothing of the baseline stays as it is. */
export function adjustmentTarget(kind: string, target: string, baseline: ResolvedBaseline): string {
  return knownAdjustmentKinds.get(kind)?.idOf(target, baseline) ?? target;
}

/** What is wrong with an adjustment for this baseline; undefined when nothing is. */
export function validateAdjustment(adjustment: Adjustment, baseline: ResolvedBaseline): Problem | undefined {
  const kind = knownAdjustmentKinds.get(adjustment.kind);
  if (kind !== undefined) return kind.validate(adjustment, baseline);
  return {
    code: 'AdjustmentKindUnknown',
    actor: 'caller',
    message: `There is no adjustment of kind ${adjustment.kind}.`,
    remedy: `Use one of: ${[...knownAdjustmentKinds.keys()].join(', ')}.`,
    path: 'kind',
  };
}

/** Whether it counts at that time. One without an end counts until it is removed. */
export function isLive(adjustment: Adjustment, nowIso: string): boolean {
  const now = Date.parse(nowIso);
  if (Date.parse(adjustment.since) > now) return false;
  return adjustment.until === undefined || Date.parse(adjustment.until) > now;
}

/** The baseline with every live adjustment, the oldest first: of two for one thing the newer one holds. */
export function adjusted(
  baseline: ResolvedBaseline,
  adjustments: readonly Adjustment[],
  nowIso: string,
): ResolvedBaseline {
  const live = adjustments
    .filter((adjustment) => isLive(adjustment, nowIso))
    .toSorted((a, b) => Date.parse(a.since) - Date.parse(b.since) || (a.id < b.id ? -1 : 1));
  return live.reduce(
    (current, adjustment) => knownAdjustmentKinds.get(adjustment.kind)?.apply(adjustment, current) ?? current,
    baseline,
  );
}
