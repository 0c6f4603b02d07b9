import { isJsonObject } from './json-value.ts';

/** Where the process can be told to kill itself with SIGKILL. */
export const KILL_POINTS = ['beforeActivity', 'duringActivity', 'afterActivity', 'afterStore'] as const;
export type KillPoint = (typeof KILL_POINTS)[number];

/**
 * Switches for tests. Counts begin with 1 and anew whenever the switches are set.
 *
 * - `runActivitiesTwice`: every activity really runs twice, one run after the other; the second result counts.
 *   Differing results are logged and counted.
 * - `crashBeforeActivity`, `crashAfterActivity`: drop all memory of the host and rebuild it from SQLite before the k-th
 *   activity begins, or after it has finished but before its result is stored. Each works once.
 * - `crashAroundEveryActivity`: crash before and after every activity, once each, and then let it through.
 * - `crashBeforeCommit`, `crashAfterCommit`: the same around the transaction of the k-th episode.
 * - `crashAroundEveryCommit`: crash before and after the commit of every episode, once each.
 * - `kill`: the process kills itself with SIGKILL at the `count`-th activity: before it begins, `afterMs` (wall time,
 *   default 5) after it began, after it ended with its result not stored, or with its result stored. With `seed` and
 *   `within` instead of `point` and `count` both are drawn from the seed, the count from 1 to `within`.
 */
export interface FaultSwitches {
  readonly runActivitiesTwice?: boolean;
  readonly crashBeforeActivity?: number;
  readonly crashAfterActivity?: number;
  readonly crashAroundEveryActivity?: boolean;
  readonly crashBeforeCommit?: number;
  readonly crashAfterCommit?: number;
  readonly crashAroundEveryCommit?: boolean;
  readonly kill?: KillSwitch;
}

export type KillSwitch =
  | { readonly point: KillPoint; readonly count: number; readonly afterMs?: number }
  | { readonly seed: number; readonly within: number };

const BOOLEANS = ['runActivitiesTwice', 'crashAroundEveryActivity', 'crashAroundEveryCommit'] as const;
const COUNTS = ['crashBeforeActivity', 'crashAfterActivity', 'crashBeforeCommit', 'crashAfterCommit'] as const;

/** Reads switches from JSON. Throws an error that names the entry for what is none. */
export function readFaultSwitches(value: unknown): FaultSwitches {
  if (!isJsonObject(value)) throw new Error('Faults must be a JSON object.');
  const known: readonly string[] = [...BOOLEANS, ...COUNTS, 'kill'];
  for (const [name, entry] of Object.entries(value)) {
    if (!known.includes(name)) throw new Error(`There is no switch "${name}"; there are ${known.join(', ')}.`);
    if (BOOLEANS.some((each) => each === name) && typeof entry !== 'boolean')
      throw new Error(`"${name}" must be true or false.`);
    if (COUNTS.some((each) => each === name) && !isCount(entry))
      throw new Error(`"${name}" must be a whole number from 1.`);
  }
  if (value.kill !== undefined) checkKill(value.kill);
  return value as FaultSwitches;
}

function checkKill(kill: unknown): void {
  const isDrawn = isJsonObject(kill) && isCount(kill.within) && Number.isInteger(kill.seed);
  const isGiven = isJsonObject(kill) && isCount(kill.count) && KILL_POINTS.some((point) => point === kill.point);
  if (!isDrawn && !isGiven) {
    throw new Error(
      `"kill" must be {point, count, afterMs?} with a point of ${KILL_POINTS.join(', ')}, or {seed, within}.`,
    );
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}

/** What is to happen at a point that the host has come to. */
export type FaultOrder = 'crash' | 'kill' | undefined;

/** Holds the switches and counts; outlives the hosts that are dropped. */
export class Faults {
  #switches: FaultSwitches = {};
  #activities = 0;
  #activitiesEnded = 0;
  #commits = 0;
  #crashed = new Set<string>();
  #kill: { readonly point: KillPoint; readonly count: number; readonly afterMs: number } | undefined;
  readonly #killProcess: () => void;

  constructor(killProcess: () => void = () => process.kill(process.pid, 'SIGKILL')) {
    this.#killProcess = killProcess;
  }

  get switches(): FaultSwitches {
    return this.#switches;
  }

  set(switches: FaultSwitches): void {
    this.#switches = switches;
    this.#activities = 0;
    this.#activitiesEnded = 0;
    this.#commits = 0;
    this.#crashed = new Set();
    this.#kill = switches.kill === undefined ? undefined : drawKill(switches.kill);
  }

  get runsActivitiesTwice(): boolean {
    return this.#switches.runActivitiesTwice === true;
  }

  /** `key` names the activity's task. */
  beforeActivity(key: string): FaultOrder {
    this.#activities += 1;
    const count = this.#activities;
    if (this.#isKill('beforeActivity', count)) return this.#die();
    if (this.#isKill('duringActivity', count)) setTimeout(this.#killProcess, this.#kill?.afterMs);
    if (this.#switches.crashBeforeActivity === count) return 'crash';
    return this.#once(this.#switches.crashAroundEveryActivity, `before ${key}`);
  }

  /** The activity has ended, its result is not stored. */
  afterActivity(key: string): FaultOrder {
    this.#activitiesEnded += 1;
    const count = this.#activitiesEnded;
    if (this.#isKill('afterActivity', count)) return this.#die();
    if (this.#switches.crashAfterActivity === count) return 'crash';
    return this.#once(this.#switches.crashAroundEveryActivity, `after ${key}`);
  }

  /** The activity's result is stored. */
  afterStore(): FaultOrder {
    return this.#isKill('afterStore', this.#activitiesEnded) ? this.#die() : undefined;
  }

  /** `key` names the episode by its generation and the length of its history. */
  beforeCommit(key: string): FaultOrder {
    this.#commits += 1;
    if (this.#switches.crashBeforeCommit === this.#commits) return 'crash';
    return this.#once(this.#switches.crashAroundEveryCommit, `before commit ${key}`);
  }

  afterCommit(key: string): FaultOrder {
    if (this.#switches.crashAfterCommit === this.#commits) return 'crash';
    return this.#once(this.#switches.crashAroundEveryCommit, `after commit ${key}`);
  }

  #once(isOn: boolean | undefined, key: string): FaultOrder {
    if (isOn !== true || this.#crashed.has(key)) return undefined;
    this.#crashed.add(key);
    return 'crash';
  }

  #isKill(point: KillPoint, count: number): boolean {
    return this.#kill?.point === point && this.#kill.count === count;
  }

  #die(): FaultOrder {
    this.#killProcess();
    return 'kill';
  }
}

function drawKill(kill: KillSwitch): { readonly point: KillPoint; readonly count: number; readonly afterMs: number } {
  if ('point' in kill) return { afterMs: 5, ...kill };
  const random = mulberry32(kill.seed);
  const count = 1 + Math.floor(random() * kill.within);
  const point = KILL_POINTS[Math.floor(random() * KILL_POINTS.length)] ?? 'afterActivity';
  return { point, count, afterMs: Math.floor(random() * 50) };
}

/** A small seeded generator of numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
