/**
 * The time below which no run can stay that made what the simulation counted. Everything is worked out from operations
 * and bodies as Azure shows them; nothing is shared with the planner or the scheduler, or they would judge themselves.
 */

/** One long operation as `GET _sim/stats` lists it. */
export interface MeasuredOperation {
  readonly id: string;
  readonly resource: string;
  /** ISO times. */
  readonly start: string;
  readonly end: string | null;
}

export type Body = Readonly<Record<string, unknown>>;

export interface Bound {
  /** First start to last end as it was, the last poll included. */
  readonly makespanSeconds: number;
  /** The larger of the two that follow. */
  readonly boundSeconds: number;
  readonly longestChainSeconds: number;
  readonly heaviestLaneSeconds: number;
  /** What is in the lane or chain that gives the bound, in words. */
  readonly by: string;
  /** Makespan over bound. */
  readonly ratio: number;
}

/** Microsoft.Network answers `Retry-After: 10`: an end is noticed at the next multiple of it. */
const POLL_SECONDS = 10;

/** Where bodies of each type point at what has to be there first. `[]` steps into a list. What points back is left out. */
const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  'microsoft.network/virtualnetworks': [
    'properties.ddosProtectionPlan.id',
    'properties.subnets[].properties.networkSecurityGroup.id',
    'properties.subnets[].properties.routeTable.id',
    'properties.subnets[].properties.natGateway.id',
  ],
  'microsoft.network/virtualnetworks/subnets': [
    'properties.networkSecurityGroup.id',
    'properties.routeTable.id',
    'properties.natGateway.id',
  ],
  'microsoft.network/virtualnetworks/virtualnetworkpeerings': ['properties.remoteVirtualNetwork.id'],
  'microsoft.network/azurefirewalls': [
    'properties.ipConfigurations[].properties.subnet.id',
    'properties.ipConfigurations[].properties.publicIPAddress.id',
    'properties.managementIpConfiguration.properties.subnet.id',
    'properties.managementIpConfiguration.properties.publicIPAddress.id',
    'properties.firewallPolicy.id',
  ],
  'microsoft.network/firewallpolicies': [
    'properties.basePolicy.id',
    'properties.insights.logAnalyticsResources.defaultWorkspaceId.id',
  ],
  'microsoft.network/firewallpolicies/rulecollectiongroups': [
    'properties.ruleCollections[].rules[].sourceIpGroups[]',
    'properties.ruleCollections[].rules[].destinationIpGroups[]',
  ],
  'microsoft.network/bastionhosts': [
    'properties.ipConfigurations[].properties.subnet.id',
    'properties.ipConfigurations[].properties.publicIPAddress.id',
  ],
  'microsoft.network/publicipaddresses': ['properties.publicIPPrefix.id'],
  'microsoft.network/natgateways': ['properties.publicIpAddresses[].id', 'properties.publicIpPrefixes[].id'],
  'microsoft.network/privatednszones/virtualnetworklinks': ['properties.virtualNetwork.id'],
  'microsoft.insights/diagnosticsettings': ['properties.workspaceId'],
};

interface Job {
  readonly resource: string;
  readonly seconds: number;
  readonly startMs: number;
  readonly needs: number[];
  readonly lanes: readonly string[];
}

/** @throws if an operation has not ended: the run is not over. */
export function boundOf(operations: readonly MeasuredOperation[], bodies: readonly Body[]): Bound {
  const byId = new Map(bodies.map((body) => [String(body.id).toLowerCase(), body]));
  const jobs = jobsOf(operations, byId);
  const heads = headsOf(jobs);
  const tails = tailsOf(jobs);
  const chain = longestChain(jobs, heads);
  const lane = heaviestLane(jobs, heads, tails);
  const boundSeconds = Math.max(chain.seconds, lane.seconds);
  const makespanSeconds = makespanOf(operations);
  return {
    makespanSeconds,
    boundSeconds,
    longestChainSeconds: chain.seconds,
    heaviestLaneSeconds: lane.seconds,
    by: chain.seconds >= lane.seconds ? `chain to ${chain.last}` : `lane ${lane.name}`,
    ratio: boundSeconds === 0 ? 1 : makespanSeconds / boundSeconds,
  };
}

function makespanOf(operations: readonly MeasuredOperation[]): number {
  if (operations.length === 0) return 0;
  const first = Math.min(...operations.map(({ start }) => Date.parse(start)));
  return Math.max(
    ...operations.map((operation) => (Date.parse(operation.start) - first) / 1_000 + noticedAfter(operation)),
  );
}

/** Seconds until a client that polls as it is told to sees the end. */
function noticedAfter({ id, start, end }: MeasuredOperation): number {
  if (end === null) throw new Error(`The operation ${id} has not ended.`);
  const seconds = (Date.parse(end) - Date.parse(start)) / 1_000;
  return Math.ceil(seconds / POLL_SECONDS) * POLL_SECONDS;
}

function jobsOf(operations: readonly MeasuredOperation[], byId: ReadonlyMap<string, Body>): readonly Job[] {
  const jobs = operations
    .map((operation): Job => {
      const resource = operation.resource.toLowerCase();
      return {
        resource,
        seconds: noticedAfter(operation),
        startMs: Date.parse(operation.start),
        needs: [],
        lanes: lanesOf(resource, byId),
      };
    })
    .sort((a, b) => a.startMs - b.startMs);
  const byResource = new Map<string, number[]>();
  jobs.forEach(({ resource }, index) => {
    byResource.set(resource, [...(byResource.get(resource) ?? []), index]);
  });
  jobs.forEach((job, index) => {
    const own = byResource.get(job.resource) ?? [];
    const before = own[own.indexOf(index) - 1];
    if (before !== undefined) job.needs.push(before);
    for (const id of neededBy(job.resource, byId)) {
      // Of what is written several times the first write makes it.
      const first = byResource.get(id)?.[0];
      if (first !== undefined && first !== index) job.needs.push(first);
    }
  });
  return jobs;
}

/** Resources that have to be there before this one, with those that are written at once passed through. */
function neededBy(resource: string, byId: ReadonlyMap<string, Body>): ReadonlySet<string> {
  const needed = new Set<string>();
  const visit = (id: string): void => {
    for (const next of directlyNeededBy(id, byId)) {
      if (next === resource || needed.has(next)) continue;
      needed.add(next);
      visit(next);
    }
  };
  visit(resource);
  return needed;
}

function directlyNeededBy(id: string, byId: ReadonlyMap<string, Body>): readonly string[] {
  const body = byId.get(id);
  const pointed = (REFERENCES[typeOf(id)] ?? [])
    .flatMap((path) => textsAt(body, path.split('.')))
    .flatMap((target) => knownResource(target.toLowerCase(), byId) ?? []);
  return [...new Set([...containersOf(id, byId), ...pointed, ...rulesBefore(id, byId)])].filter((one) => one !== id);
}

/** Resource group, parent, and for what is attached to a resource that resource. */
function containersOf(id: string, byId: ReadonlyMap<string, Body>): readonly string[] {
  const segments = id.split('/');
  return segments.map((_, index) => segments.slice(0, index).join('/')).filter((above) => byId.has(above));
}

/** A firewall comes after the rule collection groups of its policy and the IP groups that they name. */
function rulesBefore(id: string, byId: ReadonlyMap<string, Body>): readonly string[] {
  if (typeOf(id) !== 'microsoft.network/azurefirewalls') return [];
  const policy = textsAt(byId.get(id), ['properties', 'firewallPolicy', 'id'])[0]?.toLowerCase();
  if (policy === undefined) return [];
  return [...byId.keys()].filter((other) => other.startsWith(`${policy}/rulecollectiongroups/`));
}

/** The resource itself, or what it is a part of: a subnet that was written with its network. */
function knownResource(id: string, byId: ReadonlyMap<string, Body>): string | undefined {
  if (byId.has(id)) return id;
  const segments = id.split('/');
  for (let length = segments.length - 2; length > 4; length -= 2) {
    const above = segments.slice(0, length).join('/');
    if (byId.has(above)) return above;
  }
  return undefined;
}

/**
 * Where Azure refuses two at once: all that writes a network (itself, peerings on either side, what lives in its
 * subnets), a firewall with its policies and their rules, a DNS zone with its links, the addresses of one prefix. What
 * is made before anything uses it (an NSG, a route table, an IP group) is in nobody's way.
 */
function lanesOf(resource: string, byId: ReadonlyMap<string, Body>): readonly string[] {
  const body = byId.get(resource);
  const at = (path: string) => textsAt(body, path.split('.')).map((id) => id.toLowerCase());
  const networkOf = (id: string) => id.split('/').slice(0, 9).join('/');
  const policyFamily = (policy: string): readonly string[] => [
    policy,
    ...textsAt(byId.get(policy), ['properties', 'basePolicy', 'id']).map((id) => id.toLowerCase()),
  ];
  const lanes = (): readonly string[] => {
    switch (typeOf(resource)) {
      case 'microsoft.network/virtualnetworks':
      case 'microsoft.network/virtualnetworks/subnets':
        return [networkOf(resource)];
      case 'microsoft.network/virtualnetworks/virtualnetworkpeerings':
        return [networkOf(resource), ...at('properties.remoteVirtualNetwork.id')];
      case 'microsoft.network/bastionhosts':
        return at('properties.ipConfigurations[].properties.subnet.id').map(networkOf);
      case 'microsoft.network/azurefirewalls':
        return [
          ...at('properties.ipConfigurations[].properties.subnet.id').map(networkOf),
          ...at('properties.firewallPolicy.id').flatMap(policyFamily),
        ];
      case 'microsoft.network/firewallpolicies':
        return policyFamily(resource);
      case 'microsoft.network/firewallpolicies/rulecollectiongroups':
        return policyFamily(networkOf(resource));
      case 'microsoft.network/privatednszones':
      case 'microsoft.network/privatednszones/virtualnetworklinks':
        return [networkOf(resource)];
      case 'microsoft.network/publicipaddresses':
        return at('properties.publicIPPrefix.id');
      default:
        return [];
    }
  };
  return [...new Set(lanes())];
}

function typeOf(id: string): string {
  const [, last] = /.*\/providers\/(.+)$/.exec(id) ?? [];
  if (last === undefined) return 'microsoft.resources/resourcegroups';
  const [namespace = '', ...rest] = last.split('/');
  return [namespace, ...rest.filter((_, index) => index % 2 === 0)].join('/');
}

function textsAt(value: unknown, path: readonly string[]): readonly string[] {
  const [step, ...rest] = path;
  if (step === undefined) return typeof value === 'string' ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  const name = step.replace(/\[\]$/, '');
  const next: unknown = Object.entries(value).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  if (!step.endsWith('[]')) return textsAt(next, rest);
  return Array.isArray(next) ? next.flatMap((item) => textsAt(item, rest)) : [];
}

/** Earliest start of each if lanes did not matter. */
function headsOf(jobs: readonly Job[]): readonly number[] {
  const heads = new Map<number, number>();
  const head = (index: number): number => {
    const known = heads.get(index);
    if (known !== undefined) return known;
    const needs = jobs[index]?.needs ?? [];
    const value = Math.max(0, ...needs.map((need) => head(need) + (jobs[need]?.seconds ?? 0)));
    heads.set(index, value);
    return value;
  };
  return jobs.map((_, index) => head(index));
}

/** Time from the end of each to the end of the last that needs it. */
function tailsOf(jobs: readonly Job[]): readonly number[] {
  const users = jobs.map((): number[] => []);
  jobs.forEach(({ needs }, index) => {
    for (const need of needs) users[need]?.push(index);
  });
  const tails = new Map<number, number>();
  const tail = (index: number): number => {
    const known = tails.get(index);
    if (known !== undefined) return known;
    const value = Math.max(0, ...(users[index] ?? []).map((user) => (jobs[user]?.seconds ?? 0) + tail(user)));
    tails.set(index, value);
    return value;
  };
  return jobs.map((_, index) => tail(index));
}

function longestChain(
  jobs: readonly Job[],
  heads: readonly number[],
): { readonly seconds: number; readonly last: string } {
  return jobs.reduce(
    (longest, { resource, seconds }, index) => {
      const end = (heads[index] ?? 0) + seconds;
      return end > longest.seconds ? { seconds: end, last: resource } : longest;
    },
    { seconds: 0, last: '' },
  );
}

/**
 * Whatever has to pass one lane piece by piece takes its sum, after the shortest way to any of it and before the
 * shortest way from any of it; of all parts of a lane the one that says most counts.
 */
function heaviestLane(
  jobs: readonly Job[],
  heads: readonly number[],
  tails: readonly number[],
): { readonly seconds: number; readonly name: string } {
  let heaviest = { seconds: 0, name: '' };
  for (const name of new Set(jobs.flatMap(({ lanes }) => lanes))) {
    const members = jobs.flatMap(({ lanes, seconds }, index) =>
      lanes.includes(name) ? [{ seconds, head: heads[index] ?? 0, tail: tails[index] ?? 0 }] : [],
    );
    for (const earliest of new Set(members.map(({ head }) => head))) {
      const late = members.filter(({ head }) => head >= earliest).sort((a, b) => b.tail - a.tail);
      let load = 0;
      for (const { seconds, tail } of late) {
        load += seconds;
        if (earliest + load + tail > heaviest.seconds) heaviest = { seconds: earliest + load + tail, name };
      }
    }
  }
  return heaviest;
}
