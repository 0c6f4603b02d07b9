/** How Azure Monitor computes one value from many. */
export type Aggregation = 'Average' | 'Minimum' | 'Maximum' | 'Total' | 'Count';

export const AGGREGATIONS: readonly Aggregation[] = ['Average', 'Minimum', 'Maximum', 'Total', 'Count'];

/** A metric that resources of a type emit each minute. */
export interface MetricDefinition {
  /** Name in the REST API. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly unit: 'Percent' | 'Count' | 'Bytes' | 'BitsPerSecond' | 'MilliSeconds' | 'Unspecified';
  /** What is answered when nobody says which. */
  readonly primaryAggregation: Aggregation;
  readonly aggregations: readonly Aggregation[];
  readonly dimensions: readonly string[];
}

const GAUGE: readonly Aggregation[] = ['Average', 'Maximum', 'Minimum'];
const COUNTER: readonly Aggregation[] = ['Total'];

const FIREWALL: readonly MetricDefinition[] = [
  {
    name: 'ApplicationRuleHit',
    displayName: 'Application rules hit count',
    description: 'Number of times Application rules were hit',
    unit: 'Count',
    primaryAggregation: 'Total',
    aggregations: COUNTER,
    dimensions: ['Status', 'Reason', 'Protocol'],
  },
  {
    name: 'DataProcessed',
    displayName: 'Data processed',
    description: 'Total amount of data processed by this firewall',
    unit: 'Bytes',
    primaryAggregation: 'Total',
    aggregations: COUNTER,
    dimensions: [],
  },
  {
    name: 'FirewallHealth',
    displayName: 'Firewall health state',
    description: 'Indicates the overall health of this firewall',
    unit: 'Percent',
    primaryAggregation: 'Average',
    aggregations: ['Average'],
    dimensions: ['Status', 'Reason'],
  },
  {
    name: 'FirewallLatencyPng',
    displayName: 'Latency Probe',
    description: 'Estimate of the average latency of the Firewall as measured by latency probe',
    unit: 'MilliSeconds',
    primaryAggregation: 'Average',
    aggregations: ['Average'],
    dimensions: [],
  },
  {
    name: 'NetworkRuleHit',
    displayName: 'Network rules hit count',
    description: 'Number of times Network rules were hit',
    unit: 'Count',
    primaryAggregation: 'Total',
    aggregations: COUNTER,
    dimensions: ['Status', 'Reason', 'Protocol'],
  },
  {
    name: 'ObservedCapacity',
    displayName: 'Observed Capacity Units',
    description: 'Reported number of capacity units for the Azure Firewall',
    unit: 'Unspecified',
    primaryAggregation: 'Average',
    aggregations: GAUGE,
    dimensions: [],
  },
  {
    name: 'SNATPortUtilization',
    displayName: 'SNAT port utilization',
    description: 'Percentage of outbound SNAT ports currently in use',
    unit: 'Percent',
    primaryAggregation: 'Average',
    aggregations: ['Average', 'Maximum'],
    dimensions: ['Protocol'],
  },
  {
    name: 'Throughput',
    displayName: 'Throughput',
    description: 'Throughput processed by this firewall',
    unit: 'BitsPerSecond',
    primaryAggregation: 'Average',
    aggregations: ['Average'],
    dimensions: [],
  },
];

const BY_TYPE: ReadonlyMap<string, readonly MetricDefinition[]> = new Map([
  ['microsoft.network/azurefirewalls', FIREWALL],
]);

/** The metrics of a resource type, in alphabetical order; undefined for a type that emits none here. */
export function metricDefinitions(type: string): readonly MetricDefinition[] | undefined {
  return BY_TYPE.get(type.toLowerCase());
}

/** A metric by its name, which compares without case. */
export function metricDefinition(type: string, name: string): MetricDefinition | undefined {
  return metricDefinitions(type)?.find((metric) => metric.name.toLowerCase() === name.toLowerCase());
}
