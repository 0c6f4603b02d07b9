import type { FirewallPublicIpValue } from '../baseline/firewall-public-ip-value.ts';
import { addressesText } from '../count-text.ts';
import {
  completeAtMs,
  completenessPercent,
  latestWindow,
  longestGapMinutes,
  type MetricWindow,
  maximumOverDimensions,
  stalenessMinutes,
  type Utilization,
  utilizationOf,
} from './metric-window.ts';
import { grown, shrunk } from './public-ip-adjustment.ts';
import {
  ADDRESSES_ADDED_WHEN_SATURATED,
  ceilTolerant,
  demandPorts,
  MAXIMUM_ADDRESSES_AND_DNAT_DESTINATIONS,
  MINIMUM_INSTANCES,
  SATURATION_PERCENT,
  snatPorts,
} from './snat-capacity.ts';
import type {
  Recommendation,
  SnatAddress,
  SnatChange,
  SnatDecision,
  SnatFigures,
  SnatFirewall,
  SnatSettings,
} from './snat-decision.ts';
import {
  addPrefix,
  grouped,
  growNatGateway,
  natGateway,
  newAddressesAreDear,
  prescaling,
  raiseMaximum,
  reconcileBaseline,
  repairFirewall,
  shortenConnections,
} from './snat-recommendations.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Over how long utilisation is averaged, as the alert rules do. */
export const EVALUATION_WINDOW_MINUTES = 5;
/** Metrics are 1 to 3 minutes late; ten minutes old they tell of another situation. */
export const MAXIMUM_METRIC_AGE_MINUTES = 10;
/** An average of fewer samples is a guess. */
export const MINIMUM_EVALUATION_PERCENT = 60;
/** A protocol that never used more of the ports is hardly reported, and tells nothing by its gaps. */
export const SPORADIC_UTILIZATION_PERCENT = 5;
/** Ports are whole; less than this is what fractions of percentages leave. */
const ROUNDING_PORTS = 0.001;

interface Common {
  readonly nowMs: number;
  readonly settings: SnatSettings;
  readonly firewall: SnatFirewall;
  /** `hub.firewall.publicIps` of the spec in force. */
  readonly bounds: { readonly minimum: number; readonly maximum: number };
  /** The adjustment in force; without one the number that the spec says, nothing detached. */
  readonly value: FirewallPublicIpValue;
  /** A run is about to change this firewall, or may be: what is missing comes with it. */
  readonly changeUnderWay: boolean;
  /** When anything about the firewall's addresses last changed, whoever asked for it; null: not known to have changed. */
  readonly lastChangeAtMs: number | null;
}

export interface ScaleOutInput extends Common {
  /** SNATPortUtilization of at least the last minutes. */
  readonly utilization: MetricWindow;
  /** How many addresses can still come from the prefixes, those reserved included; null: the spec has no prefixes. */
  readonly prefixRoom: number | null;
  /** `drift.mode` lets Hubkeeper put back, unattended, what the spec declares. */
  readonly mayRestoreSpec: boolean;
  /** The operation that is to attach what is missing; absent: there is none. */
  readonly awaited?: AwaitedOperation;
  /** Names of addresses that a person wants off the firewall. */
  readonly leftOff: readonly string[];
}

/** An operation that is to attach addresses that are declared, and that waits for somebody or something. */
export interface AwaitedOperation {
  /** Which one, and what it waits for, such as `prod-2 of author, which waits: The change is safe.`. */
  readonly text: string;
  /** A person asked for it. */
  readonly isAttended: boolean;
  /** A step becomes a part of it; else nothing that is left to it can be written before. */
  readonly takesStepIn: boolean;
}

export interface ScaleInInput extends Common {
  /** SNATPortUtilization of the look-back. */
  readonly utilization: MetricWindow;
  /** ObservedCapacity of the look-back: the second evidence that the firewall reports at all. */
  readonly capacity: MetricWindow;
  /** How many SNAT addresses there were from when on, as far as known; the present number where nothing is said. */
  readonly addressHistory: readonly { readonly fromMs: number; readonly addresses: number }[];
  /**
   * When each alert about SNAT fired that is not known to be over, in any order. A `Resolved` may be lost: what fired
   * before the look-back counts as over.
   */
  readonly openAlertsFiredAtMs: readonly number[];
  readonly inChangeWindow: boolean;
  /** When the next change window opens; null: not known. */
  readonly nextChangeWindowMs: number | null;
}

type Outcome = Omit<SnatDecision, 'firewallId' | 'recommendations' | 'change' | 'retryAtMs'> &
  Partial<Pick<SnatDecision, 'recommendations' | 'change' | 'retryAtMs'>>;

function decided(firewall: SnatFirewall, outcome: Outcome): SnatDecision {
  return { recommendations: [], change: null, retryAtMs: null, firewallId: firewall.id, ...outcome };
}

const iso = (ms: number) => new Date(ms).toISOString();
const percent = (value: number) => `${Math.round(value * 10) / 10} %`;

function ownOf(firewall: SnatFirewall): readonly SnatAddress[] {
  return firewall.addresses.filter(({ origin }) => origin !== 'foreign');
}

function baseFigures(firewall: SnatFirewall): SnatFigures {
  const addresses = firewall.addresses.length;
  const instances = firewall.instances ?? MINIMUM_INSTANCES;
  return {
    addresses,
    ownAddresses: ownOf(firewall).length,
    instances,
    availablePorts: snatPorts(addresses, instances),
    dnatDestinations: firewall.dnatDestinations,
  };
}

/** What speaks against any change of this firewall's addresses, whatever the metrics say. */
function obstacle({ firewall, nowMs }: Common, figures: SnatFigures): SnatDecision | undefined {
  if (!firewall.addresses.some(({ carriesSubnet }) => carriesSubnet)) {
    const reasons = [
      'The firewall has no ipConfiguration with AzureFirewallSubnet: it is stopped, or in a secured virtual hub, whose addresses are counted elsewhere.',
    ];
    return decided(firewall, { decision: 'refuse', code: 'FirewallWithoutSubnet', reasons, figures });
  }
  if (firewall.natGatewayId !== null) {
    return decided(firewall, {
      decision: 'refuse',
      code: 'NatGatewayOnSubnet',
      reasons: [
        `AzureFirewallSubnet has the NAT gateway ${firewall.natGatewayId}: all egress leaves from its addresses, so addresses of the firewall change nothing.`,
      ],
      figures,
      recommendations: [growNatGateway()],
    });
  }
  if (firewall.ipv6Addresses.length > 0) {
    const reasons = [
      `The firewall has the IPv6 addresses ${firewall.ipv6Addresses.join(', ')}: how many ports its IPv4 addresses have cannot be told from their number, and Hubkeeper changes no dual-stack firewall. Change the number of addresses in the spec, or take the IPv6 ones off.`,
    ];
    return decided(firewall, { decision: 'refuse', code: 'DualStackFirewall', reasons, figures });
  }
  switch (firewall.provisioningState.toLowerCase()) {
    case 'succeeded':
      return undefined;
    case 'failed':
    case 'canceled':
      return decided(firewall, {
        decision: 'refuse',
        code: 'FirewallFailed',
        reasons: [
          `The last operation of the firewall ended ${firewall.provisioningState}; another write could make it worse.`,
        ],
        figures,
        recommendations: [repairFirewall()],
      });
    default:
      return decided(firewall, {
        decision: 'wait',
        code: 'FirewallBusy',
        reasons: [`The firewall is ${firewall.provisioningState}; Azure takes one update at a time.`],
        figures,
        retryAtMs: nowMs + MINUTE_MS,
      });
  }
}

/** A limit on the number of SNAT addresses, and what an operator could do about it. */
interface Cap {
  readonly name: string;
  readonly addresses: number;
  /** The next step meets it too. */
  readonly lasts: boolean;
  readonly recommend?: (wanted: number) => Recommendation;
}

function capsOf(input: ScaleOutInput, present: number): readonly Cap[] {
  const { bounds, firewall, prefixRoom, settings } = input;
  const step = settings.scaleOut.mostAddressesPerStep;
  // What is declared comes back as a whole, and has its place in the prefixes.
  const back = firewall.missing.length;
  return [
    {
      name: `${addressesText(step)} in one step (egress.scaleOut.mostAddressesPerStep)`,
      addresses: present + Math.max(step, back),
      lasts: false,
    },
    {
      name: `${addressesText(bounds.maximum)} in all (hub.firewall.publicIps.maximum)`,
      addresses: bounds.maximum,
      lasts: true,
      recommend: (wanted) => raiseMaximum(bounds.maximum, wanted),
    },
    ...(prefixRoom === null
      ? []
      : [
          {
            name: `${addressesText(prefixRoom)} left in the public IP prefixes`,
            addresses: present + back + Math.max(0, prefixRoom),
            lasts: true,
            recommend: (wanted: number) => addPrefix(Math.max(0, prefixRoom), wanted - present),
          },
        ]),
    {
      name: `Azure's limit of ${MAXIMUM_ADDRESSES_AND_DNAT_DESTINATIONS} for addresses and the ${firewall.dnatDestinations} DNAT destinations together`,
      addresses: MAXIMUM_ADDRESSES_AND_DNAT_DESTINATIONS - firewall.dnatDestinations,
      lasts: true,
    },
  ];
}

/** Which reading of the gauge asks for addresses: the average over the window, or one minute at the maximum. Pure. */
export function pressureOf(
  { averagePercent, maximumPercent }: Pick<Utilization, 'averagePercent' | 'maximumPercent'>,
  scaleOut: Pick<SnatSettings['scaleOut'], 'utilizationPercent' | 'maximumPercent'>,
): { readonly isHigh: boolean; readonly panics: boolean } {
  return {
    isHigh: averagePercent >= scaleOut.utilizationPercent,
    panics: maximumPercent >= scaleOut.maximumPercent,
  };
}

/** What the metrics of the last minutes do not allow to conclude. */
function unusable(input: ScaleOutInput, window: MetricWindow, seen: Utilization | null, figures: SnatFigures) {
  const { firewall, nowMs } = input;
  const wait = (code: string, reason: string) =>
    decided(firewall, { decision: 'wait', code, reasons: [reason], figures, retryAtMs: nowMs + MINUTE_MS });
  const ageMinutes = stalenessMinutes(window, nowMs);
  if (seen === null || ageMinutes === null) {
    return wait(
      'MetricMissing',
      'Azure Monitor has no value of SNATPortUtilization for the last minutes; none is not zero.',
    );
  }
  if (ageMinutes > MAXIMUM_METRIC_AGE_MINUTES) {
    return wait('MetricStale', `The newest value of SNATPortUtilization is ${Math.round(ageMinutes)} minutes old.`);
  }
  const { panics } = pressureOf(seen, input.settings.scaleOut);
  if (seen.completenessPercent < MINIMUM_EVALUATION_PERCENT && !panics) {
    return wait(
      'MetricIncomplete',
      `Only ${percent(seen.completenessPercent)} of the last ${EVALUATION_WINDOW_MINUTES} minutes have a value of SNATPortUtilization.`,
    );
  }
  return undefined;
}

const namesOf = (missing: SnatFirewall['missing']) => missing.map(({ name }) => name).join(', ');

/** Why a step cannot go by what is declared; undefined when nothing is missing or what is missing may come back. */
function missingAddresses(
  { firewall, nowMs, changeUnderWay, mayRestoreSpec, awaited }: ScaleOutInput,
  measured: string,
  figures: SnatFigures,
): SnatDecision | undefined {
  const { missing } = firewall;
  if (missing.length === 0) return undefined;
  if (changeUnderWay) {
    const reasons = [`A run is at work that may attach ${namesOf(missing)}: it has to end first.`, measured];
    return decided(firewall, {
      decision: 'wait',
      code: 'ChangeUnderWay',
      reasons,
      figures,
      retryAtMs: nowMs + MINUTE_MS,
    });
  }
  if (awaited !== undefined && !awaited.takesStepIn) {
    const held = `${namesOf(missing)} ${missing.length === 1 ? 'is' : 'are'} declared and left to the operation ${awaited.text}`;
    const reasons = [held.trimEnd(), 'Let that operation go on, or stop it.', measured];
    return decided(firewall, { decision: 'refuse', code: 'AddressesAwaited', reasons, figures });
  }
  const ofSpec = missing.filter((one) => one.ofSpec);
  // A person has asked for them: that nobody has attached them yet is no drift.
  if (ofSpec.length === 0 || mayRestoreSpec || awaited?.isAttended === true) return undefined;
  return decided(firewall, {
    decision: 'refuse',
    code: 'SpecAddressMissing',
    reasons: [
      `The spec declares ${namesOf(ofSpec)}, somebody has taken that off the firewall, and drift.mode does not let Hubkeeper put it back: it cannot write the addresses of this firewall.`,
      measured,
    ],
    figures,
    recommendations: [reconcileBaseline(ofSpec.length)],
  });
}

/** What a step says of addresses that come back with it. */
function returning({ firewall: { missing }, awaited }: ScaleOutInput): readonly string[] {
  if (missing.length === 0) return [];
  return awaited === undefined
    ? [`Declared already and taken off by somebody: ${namesOf(missing)}; a write attaches them again.`]
    : [
        `Declared already and not attached yet: ${namesOf(missing)}; a write attaches them as well. They are left to the operation ${awaited.text}`,
      ];
}

/** Where the number of addresses comes from: the average, a saturated gauge, single minutes, or what is declared. */
function arithmeticOf(
  { instances, demandPorts: demand = 0, demandIsLowerBound, wantedAddresses: wanted }: SnatFigures,
  { computed, least, targetPercent }: { readonly [name in 'computed' | 'least' | 'targetPercent']: number },
): string {
  const fewest = Math.max(1, computed);
  const share = percent((demand * 100) / snatPorts(fewest, instances));
  const average = `${fewest} is the fewest at which ${grouped(demand)} ports are at most ${targetPercent} % (${share})`;
  if (demandIsLowerBound === true)
    return `The gauge is saturated, so that more ports may be wanted than are in use: ${average}, and Microsoft advises at least ${ADDRESSES_ADDED_WHEN_SATURATED} addresses more than there are.`;
  if (computed === wanted) return `${average}.`;
  return wanted === least
    ? `By the average ${average}; for the highest minutes one address more than there are is the least that can help.`
    : `By the average ${average}; what is declared comes back as a whole.`;
}

/**
 * Whether a firewall needs more public addresses, and how many. Re-read the metric before asking: an alert may be old.
 *
 * The number is the one with which the demand of now would be at the target; a saturated gauge says only the least of
 * the demand, so that at least five are added, as Microsoft advises. Caps: step, maximum of the spec, room in the
 * prefixes, Azure's 250 shared with DNAT destinations. Never fewer than there are.
 *
 * Addresses that are declared and missing have been taken off by somebody, unless a run is about to attach them, or is to
 * and waits: then the step does it, since adding cuts nothing. They come back with the step, and count for it: every write of the firewall attaches all that is declared, so that others
 * in their stead would be addresses beyond what is needed. Whoever wants one to stay away says so in the spec, an
 * adjustment or a hold. Where the spec itself declares it and `drift.mode` does not let it be put back, the firewall
 * cannot be written unattended at all, and people are asked. Pure.
 */
export function decideScaleOut(input: ScaleOutInput): SnatDecision {
  const { firewall, nowMs, settings, value, bounds } = input;
  const { utilizationPercent, maximumPercent, targetPercent, cooldownMinutes } = settings.scaleOut;
  const window = latestWindow(input.utilization, EVALUATION_WINDOW_MINUTES);
  const seen = utilizationOf(window);
  const base = baseFigures(firewall);
  const present = base.addresses;
  const own = base.ownAddresses;
  const isSaturated = seen !== null && Math.max(seen.averagePercent, seen.maximumPercent) >= SATURATION_PERCENT;
  const demand = demandPorts(seen?.averagePercent ?? 0, present, base.instances);
  const ageMinutes = stalenessMinutes(window, nowMs);
  const figures: SnatFigures = {
    ...base,
    targetPercent,
    maximumAddresses: bounds.maximum,
    mostAddressesPerStep: settings.scaleOut.mostAddressesPerStep,
    ...(input.prefixRoom === null ? {} : { prefixRoomAddresses: input.prefixRoom }),
    ...(firewall.missing.length === 0 ? {} : { missingAddresses: firewall.missing.length }),
    ...(ageMinutes === null ? {} : { metricAgeMinutes: ageMinutes }),
    ...(seen === null
      ? {}
      : {
          utilizationPercent: seen.averagePercent,
          maximumPercent: seen.maximumPercent,
          protocol: seen.dimension,
          completenessPercent: seen.completenessPercent,
          demandPorts: demand,
          demandIsLowerBound: isSaturated,
        }),
  };
  const blocked = obstacle(input, figures) ?? unusable(input, window, seen, figures);
  if (blocked !== undefined || seen === null) {
    return blocked ?? decided(firewall, { decision: 'wait', code: 'MetricMissing', reasons: [], figures });
  }

  const { isHigh, panics } = pressureOf(seen, settings.scaleOut);
  const measured =
    `SNAT port utilisation (${seen.dimension === '' ? 'all protocols' : seen.dimension}) is ${percent(seen.averagePercent)} on average over ${EVALUATION_WINDOW_MINUTES} minutes, ` +
    `${percent(seen.maximumPercent)} at most, with ${addressesText(present)} on ${base.instances} instances (${grouped(base.availablePorts)} ports).`;
  if (!isHigh && !panics) {
    const reasons = [
      `It is below ${utilizationPercent} % on average and ${maximumPercent} % at most: nothing is to be added.`,
      measured,
    ];
    return decided(firewall, { decision: 'keep', code: 'UtilizationAcceptable', reasons, figures });
  }

  const absent = missingAddresses(input, measured, figures);
  if (absent !== undefined) return absent;
  const back = firewall.missing.length;
  const restsUntilMs = (input.lastChangeAtMs ?? -Infinity) + cooldownMinutes * MINUTE_MS;
  if (nowMs < restsUntilMs) {
    const reasons = [
      `The firewall was last changed at ${iso(input.lastChangeAtMs ?? 0)}; the metric shows the effect only by ${iso(restsUntilMs)}.`,
      measured,
    ];
    return decided(firewall, { decision: 'wait', code: 'CoolingDown', reasons, figures, retryAtMs: restsUntilMs });
  }

  const computed = ceilTolerant((present * seen.averagePercent) / targetPercent);
  // A minute at the maximum leaves the average below the target: one address more is the least that can help.
  const least = isSaturated ? present + ADDRESSES_ADDED_WHEN_SATURATED : present + 1;
  const wanted = Math.max(computed, least, present + back);
  const caps = capsOf(input, present);
  const target = Math.max(present, Math.min(wanted, ...caps.map(({ addresses }) => addresses)));
  const binding = caps.filter(({ addresses }) => addresses < wanted);
  const lasting = binding.filter(({ lasts }) => lasts);
  const withTarget: SnatFigures = { ...figures, wantedAddresses: wanted, targetAddresses: target };
  const why = arithmeticOf(withTarget, { computed, least, targetPercent });
  const limits = binding.map(({ name }) => `The step ends at ${name}.`);
  const prescale = prescaling(firewall, demand, isSaturated, targetPercent);
  const remedies = lasting.flatMap(({ recommend }) => (recommend === undefined ? [] : [recommend(wanted)]));
  if (target <= present || target < present + back) {
    return decided(firewall, {
      decision: 'refuse',
      code: 'CeilingReached',
      reasons: [
        `No address can be added to the ${present} that there are.`,
        ...returning(input),
        why,
        ...limits,
        measured,
      ],
      figures: withTarget,
      recommendations: [
        ...remedies,
        ...(prescale === undefined ? [] : [prescale]),
        natGateway(demand, isSaturated),
        shortenConnections(),
      ],
    });
  }
  const isShort = lasting.length > 0;
  const isDear = newAddressesAreDear(target - present, input.prefixRoom);
  const added = target - present;
  const reasonsThat = (are: string) => [
    `${addressesText(added)} ${are} added to the present ${present}.`,
    ...returning(input),
    why,
    ...limits,
    measured,
  ];
  return decided(firewall, {
    decision: 'scaleOut',
    code: panics && !isHigh ? 'MaximumReached' : 'UtilizationHigh',
    reasons: reasonsThat(added === 1 ? 'is' : 'are'),
    unmadeReasons: reasonsThat('would be'),
    figures: withTarget,
    recommendations: [
      ...remedies,
      ...(prescale !== undefined && (isShort || isDear) ? [prescale] : []),
      ...(isShort ? [natGateway(demand, isSaturated)] : []),
    ],
    change: {
      fromAddresses: present,
      toAddresses: target,
      value: grown({ ...value, count: own + back }, own + target - present, nowMs, input.leftOff),
    },
  });
}

/** Newest first; what nobody knows the age of counts as the oldest. Of two of one age the later in the list goes first. */
function removable(firewall: SnatFirewall): readonly SnatAddress[] {
  return firewall.addresses
    .map((address, index) => ({ address, index }))
    .filter(
      ({ address, index }) =>
        // Azure documents that the first configuration cannot be removed.
        index > 0 && address.origin === 'made' && !address.carriesSubnet && !address.pinned && !address.dnatReferenced,
    )
    .sort((a, b) => (b.address.attachedAtMs ?? 0) - (a.address.attachedAtMs ?? 0) || b.index - a.index)
    .map(({ address }) => address);
}

/** How many addresses there were at a time, at least and at most. */
function addressesAt(history: ScaleInInput['addressHistory'], present: number) {
  const steps = history.toSorted((a, b) => a.fromMs - b.fromMs);
  return (atMs: number): { readonly least: number; readonly most: number } => {
    const last = steps.findLastIndex(({ fromMs }) => fromMs <= atMs);
    // Somebody else may have changed the number between two changes of ours, which the history does not know of.
    const next = steps[last + 1]?.addresses ?? present;
    const possible =
      last < 0 ? [present, ...steps.map(({ addresses }) => addresses)] : [steps[last]?.addresses ?? next, next];
    return { least: Math.min(...possible), most: Math.max(...possible) };
  };
}

interface LookBack {
  /** Highest demand of any grain by its average, and by its maximum: with the most addresses that there may have been. */
  readonly demandPorts: number;
  readonly peakPorts: number;
  /** The same with the fewest. */
  readonly leastDemandPorts: number;
  readonly leastPeakPorts: number;
  readonly highestPercent: number;
  readonly completenessPercent: number;
}

/** What the look-back says of demand; instances that were not reported count as the most that were. */
function lookBackOf(input: ScaleInInput): LookBack | null {
  const capacity = maximumOverDimensions(input.capacity);
  const most = capacity.reduce((highest, { average, maximum }) => Math.max(highest, average ?? 0, maximum ?? 0), 0);
  if (most === 0) return null;
  const grainMs = input.capacity.grainMinutes * MINUTE_MS;
  const instances = new Map(
    capacity.map(({ atMs, average, maximum }) => [Math.floor(atMs / grainMs), Math.max(average ?? 0, maximum ?? 0)]),
  );
  const addresses = addressesAt(input.addressHistory, input.firewall.addresses.length);
  let demand = 0;
  let peak = 0;
  let leastDemand = 0;
  let leastPeak = 0;
  let highest = 0;
  for (const { atMs, average, maximum } of maximumOverDimensions(input.utilization)) {
    const counted = addresses(atMs);
    const serving = instances.get(Math.floor(atMs / grainMs)) || most;
    const ports = snatPorts(counted.most, serving);
    const leastPorts = snatPorts(counted.least, serving);
    const used = (average ?? maximum ?? 0) / 100;
    const peaked = (maximum ?? average ?? 0) / 100;
    demand = Math.max(demand, used * ports);
    peak = Math.max(peak, peaked * ports);
    leastDemand = Math.max(leastDemand, used * leastPorts);
    leastPeak = Math.max(leastPeak, peaked * leastPorts);
    highest = Math.max(highest, average ?? 0, maximum ?? 0);
  }
  const complete = Math.min(
    completenessPercent(input.utilization, SPORADIC_UTILIZATION_PERCENT),
    completenessPercent(input.capacity),
  );
  return {
    demandPorts: demand,
    peakPorts: peak,
    leastDemandPorts: leastDemand,
    leastPeakPorts: leastPeak,
    highestPercent: highest,
    completenessPercent: complete,
  };
}

/** What the look-back says of ports in use: demand is rather told too high than too low, and says so. */
function usedText(least: number, most: number): string {
  return most - least <= ROUNDING_PORTS
    ? `up to ${grouped(most)} ports were in use`
    : `demand counts as up to ${grouped(most)} ports, at least ${grouped(least)}, since the number of addresses around a change is uncertain`;
}

/** Whether a window reaches over the whole look-back up to now. */
function covers(window: MetricWindow, nowMs: number, lookBackHours: number): boolean {
  const tolerance = MAXIMUM_METRIC_AGE_MINUTES * MINUTE_MS;
  const isLong = window.untilMs - window.fromMs >= lookBackHours * HOUR_MS - tolerance;
  return isLong && window.fromMs <= nowMs - lookBackHours * HOUR_MS + tolerance;
}

/**
 * Whether a firewall can do without one of its public addresses, and which. Takes away one at a time, of what Hubkeeper
 * made, and only when demand was low for the whole look-back at the fewest instances that the firewall may have: the
 * firewall scales in by itself, and utilisation then rises. A `Resolved` alert is never a reason. Pure.
 */
export function decideScaleIn(input: ScaleInInput): SnatDecision {
  const { firewall, nowMs, settings, bounds, value } = input;
  const rules = settings.scaleIn;
  const base = baseFigures(firewall);
  const present = base.addresses;
  const own = base.ownAddresses;
  const fewest = firewall.minimumInstances ?? MINIMUM_INSTANCES;
  const left = snatPorts(present - 1, fewest);
  const allowed = (rules.utilizationPercent * left) / 100;
  const allowedPeak = (settings.scaleOut.utilizationPercent * left) / 100;
  const lookBack = lookBackOf(input);
  const ageMinutes = stalenessMinutes(input.utilization, nowMs);
  const figures: SnatFigures = {
    ...base,
    minimumAddresses: bounds.minimum,
    maximumAddresses: bounds.maximum,
    lookBackHours: rules.lookBackHours,
    allowedPorts: allowed,
    allowedPeakPorts: allowedPeak,
    ...(ageMinutes === null ? {} : { metricAgeMinutes: ageMinutes }),
    longestGapMinutes: longestGapMinutes(input.utilization),
    ...(lookBack === null
      ? {}
      : {
          demandPorts: lookBack.demandPorts,
          peakPorts: lookBack.peakPorts,
          maximumPercent: lookBack.highestPercent,
          completenessPercent: lookBack.completenessPercent,
        }),
  };
  const say = (decision: 'keep' | 'wait', code: string, reason: string, retryAtMs: number | null = null) =>
    decided(firewall, { decision, code, reasons: [reason], figures, retryAtMs });

  if (!rules.enabled) return say('keep', 'ScaleInDisabled', 'egress.scaleIn.enabled is false.');
  if (own <= Math.max(bounds.minimum, 1)) {
    return say(
      'keep',
      'MinimumReached',
      `The firewall has ${addressesText(own)} of ours, and ${bounds.minimum} is the fewest allowed.`,
    );
  }
  const blocked = obstacle(input, figures);
  if (blocked !== undefined) return blocked;
  const declared = Math.max(value.count, bounds.minimum);
  if (declared < own || firewall.missing.length > 0) {
    const differs = `The number of our addresses is declared as ${declared} and is ${own}`;
    return input.changeUnderWay
      ? say('wait', 'ChangeUnderWay', `${differs}: that step has to end first.`, nowMs + MINUTE_MS)
      : say('keep', 'NotAsDeclared', `${differs}: nothing is taken away before a run has made them agree.`);
  }
  const candidate = removable(firewall)[0];
  if (candidate === undefined) {
    return say(
      'keep',
      'NothingRemovable',
      'Every address is declared by the spec, pinned, named by a DNAT rule, or not made by Hubkeeper.',
    );
  }
  const restsUntilMs = (input.lastChangeAtMs ?? -Infinity) + rules.cooldownHours * HOUR_MS;
  if (nowMs < restsUntilMs) {
    return say(
      'wait',
      'CoolingDown',
      `The addresses changed at ${iso(input.lastChangeAtMs ?? 0)}; the next step is possible from ${iso(restsUntilMs)} on.`,
      restsUntilMs,
    );
  }
  const evidence = lackOfEvidence(input, lookBack, ageMinutes);
  if (evidence !== undefined || lookBack === null) {
    const { code, reason, retryAtMs } = evidence ?? {
      code: 'DataIncomplete',
      reason: 'ObservedCapacity has no value.',
      retryAtMs: null,
    };
    return say('wait', code, reason, retryAtMs);
  }
  const sinceMs = nowMs - rules.lookBackHours * HOUR_MS;
  const open = input.openAlertsFiredAtMs.filter((firedAtMs) => firedAtMs > sinceMs).sort((a, b) => a - b);
  if (open.length > 0) {
    const fired = open.map(iso);
    return say(
      'wait',
      'AlertOpen',
      open.length === 1
        ? `The alert of ${fired[0]} is not resolved.`
        : `${open.length} alerts are not resolved; the first fired at ${fired[0]}, the last at ${fired.at(-1)}.`,
    );
  }
  if (lookBack.highestPercent >= SATURATION_PERCENT) {
    return say(
      'keep',
      'SaturatedInLookBack',
      `Utilisation reached ${percent(lookBack.highestPercent)} during the last ${rules.lookBackHours} hours: the demand of that time is not known.`,
    );
  }
  const arithmetic = `${addressesText(present - 1)} on ${fewest} instances ${present === 2 ? 'has' : 'have'} ${grouped(left)} ports`;
  if (lookBack.demandPorts > allowed + ROUNDING_PORTS) {
    return say(
      'keep',
      'DemandTooHigh',
      `During the last ${rules.lookBackHours} hours ${usedText(lookBack.leastDemandPorts, lookBack.demandPorts)}; ${arithmetic}, of which ${rules.utilizationPercent} % are ${grouped(allowed)}.`,
    );
  }
  if (lookBack.peakPorts > allowedPeak + ROUNDING_PORTS) {
    return say(
      'keep',
      'PeaksTooHigh',
      `In single minutes ${usedText(lookBack.leastPeakPorts, lookBack.peakPorts)}; ${arithmetic}, of which ${settings.scaleOut.utilizationPercent} % are ${grouped(allowedPeak)}.`,
    );
  }
  if (!input.inChangeWindow) {
    return say(
      'wait',
      'OutsideChangeWindow',
      'Taking an address away cuts the connections on it, which is for a change window.',
      input.nextChangeWindowMs,
    );
  }
  const reservedUntilMs = nowMs + rules.reservedHours * HOUR_MS;
  const change: SnatChange = {
    fromAddresses: present,
    toAddresses: present - 1,
    value: shrunk({ ...value, count: own }, candidate.name, reservedUntilMs, nowMs),
    removedName: candidate.name,
    reservedUntilMs,
  };
  const reasonsThat = (stays: string) => [
    `At most ${grouped(lookBack.demandPorts)} ports were in use during the last ${rules.lookBackHours} hours; ${arithmetic}, of which ${rules.utilizationPercent} % are ${grouped(allowed)}.`,
    `${candidate.name} is the newest address that Hubkeeper made and that is neither pinned nor named by a DNAT rule; it ${stays} reserved until ${iso(reservedUntilMs)}.`,
  ];
  return decided(firewall, {
    decision: 'scaleIn',
    code: 'DemandLow',
    reasons: reasonsThat('stays'),
    unmadeReasons: reasonsThat('would stay'),
    figures: { ...figures, targetAddresses: present - 1 },
    change,
  });
}

/** Why the look-back is no ground to take anything away; undefined when it is one. */
function lackOfEvidence(
  input: ScaleInInput,
  lookBack: LookBack | null,
  ageMinutes: number | null,
): { readonly code: string; readonly reason: string; readonly retryAtMs: number | null } | undefined {
  const { nowMs, settings, utilization, capacity } = input;
  const { lookBackHours, completenessPercent: needed } = settings.scaleIn;
  if (lookBack === null || ageMinutes === null) {
    return {
      code: 'DataIncomplete',
      reason: 'SNATPortUtilization or ObservedCapacity has no value at all; none is not zero.',
      retryAtMs: null,
    };
  }
  if (!covers(utilization, nowMs, lookBackHours) || !covers(capacity, nowMs, lookBackHours)) {
    const reason = `The data does not reach over the last ${lookBackHours} hours.`;
    return { code: 'DataIncomplete', reason, retryAtMs: null };
  }
  if (ageMinutes > MAXIMUM_METRIC_AGE_MINUTES) {
    return {
      code: 'MetricStale',
      reason: `The newest value of SNATPortUtilization is ${Math.round(ageMinutes)} minutes old.`,
      retryAtMs: null,
    };
  }
  if (lookBack.completenessPercent < needed) {
    const retryAtMs = Math.max(
      completeAtMs(utilization, needed, SPORADIC_UTILIZATION_PERCENT),
      completeAtMs(capacity, needed),
    );
    return {
      code: 'DataIncomplete',
      reason: `Only ${percent(lookBack.completenessPercent)} of the last ${lookBackHours} hours have data; ${needed} % are needed, which there can be from ${iso(retryAtMs)} on.`,
      retryAtMs,
    };
  }
  return undefined;
}
