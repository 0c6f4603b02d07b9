import type { RunNode } from './scheduler.ts';

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly criticalPathMinutesLeft: number;
}

/** How far a run is. Running nodes count with what is left of their estimate. */
export function progressOf(nodes: readonly RunNode[], nowMs: number): Progress {
  throw new Error(`not there yet ${nodes} ${nowMs}`);
}
