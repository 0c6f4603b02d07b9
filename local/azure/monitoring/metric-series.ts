import type { Aggregation } from './metric-definitions.ts';

export const MINUTE_MS = 60_000;

/** What a gauge showed during one minute. */
export interface MinuteSample {
  /** Start of the minute. */
  readonly atMs: number;
  readonly average: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** The values of one metric for one combination of its dimensions' values. */
export interface MetricSeries {
  readonly dimensions: Readonly<Record<string, string>>;
  /**
   * The minutes that begin in [fromMs, untilMs) and that can be read at `asOfMs`, oldest first. A minute without a value
   * is left out: it is not zero.
   */
  samples(fromMs: number, untilMs: number, asOfMs: number): readonly MinuteSample[];
}

/** One value from the samples of one or more series; undefined where there is none. */
export function aggregate(samples: readonly MinuteSample[], aggregation: Aggregation): number | undefined {
  if (samples.length === 0) return aggregation === 'Count' ? 0 : undefined;
  switch (aggregation) {
    case 'Average':
      return samples.reduce((sum, { average }) => sum + average, 0) / samples.length;
    case 'Minimum':
      return samples.reduce((least, { minimum }) => Math.min(least, minimum), Number.POSITIVE_INFINITY);
    case 'Maximum':
      return samples.reduce((most, { maximum }) => Math.max(most, maximum), Number.NEGATIVE_INFINITY);
    case 'Total':
      return samples.reduce((sum, { average }) => sum + average, 0);
    case 'Count':
      return samples.length;
  }
}

/** Which values of a dimension are meant. Names and values compare without case; `*` is any. */
export interface DimensionFilter {
  readonly name: string;
  readonly operator: 'Include' | 'Exclude';
  readonly values: readonly string[];
}

/** Series that count as one: those with the same values of the dimensions that are asked for. */
export interface SeriesGroup {
  /** The dimensions asked for, in their order, with the values of this group. */
  readonly dimensions: readonly { readonly name: string; readonly value: string }[];
  readonly series: readonly MetricSeries[];
}

/** The series that fit, grouped by the dimensions that the filters name; one group of all where they name none. */
export function groupSeries(
  series: readonly MetricSeries[],
  filters: readonly DimensionFilter[],
): readonly SeriesGroup[] {
  if (filters.length === 0) return [{ dimensions: [], series }];
  const groups = new Map<string, { dimensions: SeriesGroup['dimensions']; series: MetricSeries[] }>();
  for (const one of series) {
    const dimensions = filters.map(({ name }) => ({ name, value: dimensionValue(one, name) }));
    if (!filters.every((filter, index) => fits(filter, dimensions[index]?.value ?? ''))) continue;
    const key = dimensions.map(({ value }) => value).join('\n');
    const group = groups.get(key) ?? { dimensions, series: [] };
    group.series.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function dimensionValue({ dimensions }: MetricSeries, name: string): string {
  return Object.entries(dimensions).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '';
}

function fits({ operator, values }: DimensionFilter, value: string): boolean {
  const named = values.some((one) => one === '*' || one.toLowerCase() === value.toLowerCase());
  return operator === 'Include' ? named : !named;
}
