import { MultiBar, type SingleBar } from 'cli-progress';
import type { OperationBody } from '../api/operation.ts';
import { type ProgressView, progressView, transitionLines } from './operation-view.ts';
import type { Style } from './style.ts';
import { cut, minutesText } from './text.ts';
import type { TextSink } from './world.ts';

/** Shows how an operation gets on: bars on a terminal, lines of text elsewhere. */
export interface Progress {
  /** Shows the newest answer of the app. */
  show(operation: OperationBody): void;
  /** A line above the bars. */
  say(line: string): void;
  /** Takes the bars away and gives the terminal back. May be called twice. */
  end(): void;
}

export interface ProgressOptions {
  readonly sink: TextSink;
  readonly style: Style;
  nowMs(): number;
}

const BAR_WIDTH = 24;
/** On terminals narrower than `NARROW_COLUMNS`. */
const SHORT_BAR_WIDTH = 10;
const NARROW_COLUMNS = 90;
/** Least room for percentage and note beside label and bar. */
const NOTE_WIDTH = 32;
/** ` 100% ` and the blank before the bar; one column stays free, since the last one wraps. */
const PERCENT_WIDTH = 8;
const SHORTEST_LABEL = 12;
/** Lines that stay free for the text above the bars. */
const FREE_LINES = 6;
const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;
/** Without a terminal: a line about the whole at least this often, so that a log shows life. */
const HEARTBEAT_MS = 60_000;
/** Without a terminal: what takes less is named when it is done, not when it starts. */
const LONG_MINUTES = 2;
/** The bars are redrawn when there is something new, never by a timer of their own. */
const NEVER_FRAMES_PER_SECOND = 1 / 2_000_000;

/** Bars when `sink` is a terminal that can move its cursor, lines otherwise. */
export function createProgress(
  options: ProgressOptions,
  env: Readonly<Record<string, string | undefined>> = {},
): Progress {
  return options.sink.isTTY === true && env.TERM !== 'dumb' ? new BarProgress(options) : new LineProgress(options);
}

/** One line for each thing that happened. */
class LineProgress implements Progress {
  readonly #options: ProgressOptions;
  #previous: OperationBody | undefined;
  #waiting = new Set<string>();
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #saidDone = -1;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  show(operation: OperationBody): void {
    const { style, nowMs } = this.#options;
    const short = new Set(
      operation.nodes
        .filter((node) => node.state === 'running' && (node.estimatedMinutes ?? 0) < LONG_MINUTES)
        .map((node) => node.id),
    );
    const shown = { ...operation, nodes: operation.nodes.filter((node) => !short.has(node.id)) };
    for (const line of transitionLines(this.#previous, shown, style)) this.say(line);
    const view = progressView(operation, nowMs());
    for (const { reason, line } of view.waiting) {
      if (!this.#waiting.has(reason)) this.say(`waits: ${line}`);
    }
    this.#waiting = new Set(view.waiting.map(({ reason }) => reason));
    this.#previous = operation;
    this.#sayWhole(view);
  }

  say(line: string): void {
    this.#options.sink.write(`${line}\n`);
  }

  end(): void {}

  #sayWhole(view: ProgressView): void {
    const now = this.#options.nowMs();
    if (view.total === 0 || (view.done === this.#saidDone && now - this.#saidAtMs < HEARTBEAT_MS)) return;
    this.#saidAtMs = now;
    this.#saidDone = view.done;
    this.say(`${view.baseline}: ${wholeText(view)}`);
  }
}

interface Row {
  readonly label: string;
  readonly percent: number;
  readonly note: string;
}

/** A bar for the whole and one for each resource under way; what is done moves up into the text above. */
class BarProgress implements Progress {
  readonly #options: ProgressOptions;
  #bars: MultiBar | undefined;
  #rows: SingleBar[] = [];
  #previous: OperationBody | undefined;
  #waiting = new Set<string>();

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  show(operation: OperationBody): void {
    const { style, nowMs } = this.#options;
    const view = progressView(operation, nowMs());
    const ended = { ...operation, nodes: operation.nodes.filter((node) => node.state !== 'running') };
    for (const line of transitionLines(this.#previous, ended, style)) this.#log(line);
    for (const { reason, line } of view.waiting) {
      if (!this.#waiting.has(reason)) this.#log(`${style.yellow('waits:')} ${line}`);
    }
    this.#waiting = new Set(view.waiting.map(({ reason }) => reason));
    this.#previous = operation;
    this.#draw(this.#rowsOf(view));
  }

  say(line: string): void {
    this.#log(line);
    this.#bars?.update();
  }

  end(): void {
    this.#bars?.stop();
    this.#bars = undefined;
    this.#rows = [];
  }

  #rowsOf(view: ProgressView): readonly Row[] {
    const room = Math.max(1, (this.#options.sink.rows ?? USUAL_ROWS) - FREE_LINES);
    const shown = view.running.slice(0, room);
    const more = view.running.length - shown.length;
    const percent = view.total === 0 ? 0 : Math.floor((view.done / view.total) * 100);
    const whole: Row = {
      label: view.baseline,
      percent,
      note: more === 0 ? wholeText(view) : `${wholeText(view)}, ${more} more under way`,
    };
    return [whole, ...shown];
  }

  #draw(rows: readonly Row[]): void {
    const bars = this.#started();
    const columns = this.#options.sink.columns ?? USUAL_COLUMNS;
    const noteWidth = Math.max(NOTE_WIDTH, ...rows.map((row) => row.note.length + PERCENT_WIDTH));
    const room = Math.max(SHORTEST_LABEL, columns - barWidth(columns) - noteWidth);
    const labelWidth = Math.min(room, Math.max(...rows.map((row) => row.label.length)));
    for (const surplus of this.#rows.splice(rows.length)) bars.remove(surplus);
    for (const [index, row] of rows.entries()) {
      const payload = {
        label: cut(row.label, labelWidth).padEnd(labelWidth),
        percent: `${row.percent}%`.padStart(4),
        note: cut(row.note, Math.max(0, columns - labelWidth - barWidth(columns) - PERCENT_WIDTH)),
      };
      const bar = this.#rows[index];
      if (bar === undefined) this.#rows.push(bars.create(100, row.percent, payload));
      else bar.update(row.percent, payload);
    }
    bars.update();
  }

  #started(): MultiBar {
    if (this.#bars !== undefined) return this.#bars;
    const { sink, style } = this.#options;
    this.#bars = new MultiBar({
      // The library needs no more of a stream than writing and its size.
      stream: sink as NodeJS.WritableStream,
      format: `{label} ${style.cyan('{bar}')} {percent} ${style.dim('{note}')}`,
      barsize: barWidth(sink.columns ?? USUAL_COLUMNS),
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      linewrap: false,
      clearOnComplete: true,
      forceRedraw: true,
      fps: NEVER_FRAMES_PER_SECOND,
    });
    return this.#bars;
  }

  #log(line: string): void {
    if (this.#bars === undefined) this.#options.sink.write(`${line}\n`);
    // The bars must not wrap, text must: it would be cut. What stood there before may be longer: clear around the text.
    else this.#bars.log(`\u001b[?7h\u001b[0K${line}\u001b[0K\n\u001b[?7l`);
  }
}

function barWidth(columns: number): number {
  return columns < NARROW_COLUMNS ? SHORT_BAR_WIDTH : BAR_WIDTH;
}

function wholeText(view: ProgressView): string {
  if (view.total === 0) return view.state;
  const done = `${view.done} of ${view.total} done`;
  const waits = view.waitingCount === 0 ? '' : `, ${view.waitingCount} waiting`;
  // While everything waits for somebody outside, an estimate of Azure's own minutes would mislead.
  if (view.running.length === 0 && view.waitingCount > 0) return `${done}${waits}`;
  const left = view.minutesLeft < 1 ? minutesText(0) : `about ${minutesText(view.minutesLeft)}`;
  return view.done === view.total ? `${done}${waits}` : `${done}, ${left} left${waits}`;
}
