const MINUTE_MS = 60_000;

/** One point of a metric. Null: Azure has no value for it, which is not zero. */
export interface MetricSample {
  /** Start of the grain. */
  readonly atMs: number;
  readonly average: number | null;
  readonly maximum: number | null;
}

/** The samples of one value of the dimension: one protocol, or `''` for a metric without dimensions. */
export interface MetricSeries {
  readonly dimension: string;
  readonly samples: readonly MetricSample[];
}

/** What a metrics query gave for one metric. Samples may be missing, null, repeated, and in any order. */
export interface MetricWindow {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly grainMinutes: number;
  readonly series: readonly MetricSeries[];
}

/** One grain, over all dimensions. */
export interface WindowPoint {
  readonly atMs: number;
  readonly average: number | null;
  readonly maximum: number | null;
}

/** A number that a gauge can show; anything else is a gap. */
function known(value: number | null): value is number {
  return value !== null && Number.isFinite(value) && value >= 0;
}

function larger(a: number | null, b: number | null): number | null {
  if (!known(a)) return known(b) ? b : null;
  return known(b) ? Math.max(a, b) : a;
}

function inside(window: MetricWindow, atMs: number): boolean {
  return atMs >= window.fromMs && atMs < window.untilMs;
}

function grainOf(window: MetricWindow, atMs: number): number {
  return Math.floor((atMs - window.fromMs) / (window.grainMinutes * MINUTE_MS));
}

/**
 * The window over all dimensions, oldest first: at each grain the largest value of any of them, never their average,
 * since one protocol alone can use up the ports. Grains without any value are left out.
 */
export function maximumOverDimensions(window: MetricWindow): readonly WindowPoint[] {
  const points = new Map<number, WindowPoint>();
  for (const { samples } of window.series) {
    for (const { atMs, average, maximum } of samples) {
      if (!inside(window, atMs) || !(known(average) || known(maximum))) continue;
      const before = points.get(atMs);
      points.set(atMs, {
        atMs,
        average: larger(before?.average ?? null, average),
        maximum: larger(before?.maximum ?? null, maximum),
      });
    }
  }
  return [...points.values()].sort((a, b) => a.atMs - b.atMs);
}

/**
 * How much of the window has an average, in percent: the least complete of the series, since a protocol that is silent
 * may be the busy one. Of a series other than the busiest that never went above `sporadicBelow` gaps do not count: a
 * protocol that is hardly used is hardly reported. One without any value counts as 0, and so does an empty window.
 */
export function completenessPercent(window: MetricWindow, sporadicBelow = 0): number {
  const expected = Math.floor((window.untilMs - window.fromMs) / (window.grainMinutes * MINUTE_MS));
  if (expected <= 0 || window.series.length === 0) return 0;
  const told = window.series.map(({ samples }) => {
    const valued = samples.filter(({ atMs, average }) => inside(window, atMs) && known(average));
    const grains = new Set(valued.map(({ atMs }) => grainOf(window, atMs)));
    const peak = valued.reduce((highest, sample) => Math.max(highest, sample.average ?? 0, sample.maximum ?? 0), 0);
    return { percent: Math.min(100, (100 * grains.size) / expected), peak };
  });
  const highest = Math.max(...told.map(({ peak }) => peak));
  const needed = told.filter(({ percent, peak }) => percent === 0 || peak >= highest || peak > sporadicBelow);
  return Math.min(...needed.map(({ percent }) => percent));
}

/** Age of the newest value, in minutes, counted from the end of its grain; null without any. */
export function stalenessMinutes(window: MetricWindow, nowMs: number): number | null {
  const newest = maximumOverDimensions(window).at(-1);
  if (newest === undefined) return null;
  return Math.max(0, (nowMs - newest.atMs) / MINUTE_MS - window.grainMinutes);
}

/** The last minutes that have any value: metrics arrive one to three minutes late, so the window's own end is empty. */
export function latestWindow(window: MetricWindow, lengthMinutes: number): MetricWindow {
  const newest = maximumOverDimensions(window).at(-1);
  if (newest === undefined) return window;
  const untilMs = newest.atMs + window.grainMinutes * MINUTE_MS;
  return { ...window, untilMs, fromMs: Math.max(window.fromMs, untilMs - lengthMinutes * MINUTE_MS) };
}

export interface Utilization {
  /** Largest of the dimensions' averages over the window. */
  readonly averagePercent: number;
  /** Largest value of any grain and dimension. */
  readonly maximumPercent: number;
  /** The dimension with that average. */
  readonly dimension: string;
  /** Share of the grains with a value in that dimension. */
  readonly completenessPercent: number;
}

/**
 * The largest average of any dimension over the window, and the largest maximum of all. Gaps count for nothing. Null when
 * there is no average at all.
 */
export function utilizationOf(window: MetricWindow): Utilization | null {
  let busiest: Utilization | null = null;
  let peak = 0;
  for (const series of window.series) {
    const samples = series.samples.filter(({ atMs }) => inside(window, atMs));
    const averages = samples.map(({ average }) => average).filter(known);
    const maxima = samples.map(({ maximum }) => maximum).filter(known);
    peak = [...maxima, ...averages].reduce((highest, value) => Math.max(highest, value), peak);
    if (averages.length === 0) continue;
    const average = averages.reduce((sum, value) => sum + value, 0) / averages.length;
    if (busiest !== null && busiest.averagePercent >= average) continue;
    busiest = {
      averagePercent: average,
      maximumPercent: 0,
      dimension: series.dimension,
      completenessPercent: completenessPercent({ ...window, series: [series] }),
    };
  }
  return busiest === null ? null : { ...busiest, maximumPercent: peak };
}

/** Longest stretch of the window without any value, in minutes. */
export function longestGapMinutes(window: MetricWindow): number {
  const grainMs = window.grainMinutes * MINUTE_MS;
  let after = window.fromMs;
  let longest = 0;
  for (const { atMs } of maximumOverDimensions(window)) {
    longest = Math.max(longest, atMs - after);
    after = atMs + grainMs;
  }
  return Math.max(longest, window.untilMs - after) / MINUTE_MS;
}
