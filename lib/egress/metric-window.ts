const MINUTE_MS = 60_000;
/** Grains are whole; less than this is what fractions of percentages leave. */
const ROUNDING = 1e-6;

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
  const expected = grainsOf(window);
  const needed = neededSeries(window, sporadicBelow);
  if (expected <= 0 || needed.length === 0) return 0;
  return Math.min(...needed.map((grains) => Math.min(100, (100 * grains.size) / expected)));
}

/**
 * When a window of this length can be so complete at the earliest: each gap has to leave it before it counts no more,
 * and everything that is still to come has to be there. The end of this one: it is so complete already.
 */
export function completeAtMs(window: MetricWindow, neededPercent: number, sporadicBelow = 0): number {
  const expected = grainsOf(window);
  const least = Math.ceil((neededPercent * expected) / 100 - ROUNDING);
  const waits = neededSeries(window, sporadicBelow).map((grains) => {
    let short = least - grains.size;
    let grain = 0;
    for (; short > 0 && grain < expected; grain++) if (!grains.has(grain)) short -= 1;
    return grain;
  });
  return window.untilMs + Math.max(0, ...waits) * window.grainMinutes * MINUTE_MS;
}

function grainsOf(window: MetricWindow): number {
  return Math.floor((window.untilMs - window.fromMs) / (window.grainMinutes * MINUTE_MS));
}

/** The grains with an average of every series whose gaps count. */
function neededSeries(window: MetricWindow, sporadicBelow: number): readonly ReadonlySet<number>[] {
  const told = window.series.map(({ samples }) => {
    const valued = samples.filter(({ atMs, average }) => inside(window, atMs) && known(average));
    const grains = new Set(valued.map(({ atMs }) => grainOf(window, atMs)));
    const peak = valued.reduce((highest, sample) => Math.max(highest, sample.average ?? 0, sample.maximum ?? 0), 0);
    return { grains, peak };
  });
  const highest = Math.max(...told.map(({ peak }) => peak));
  return told
    .filter(({ grains, peak }) => grains.size === 0 || peak >= highest || peak > sporadicBelow)
    .map(({ grains }) => grains);
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
