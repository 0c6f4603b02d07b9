import type { ArmResponse } from './arm.ts';

/** What a call met when ARM did not answer at all: a dropped connection, a timeout, a refused name. */
export class ArmUnreachableError extends Error {
  constructor(method: string, target: string, cause: unknown) {
    super(`${method} ${target} got no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'ArmUnreachableError';
  }
}

/** A list that could not be read whole. */
export class ArmListError extends Error {
  readonly response: ArmResponse;
  /** Path of the list. */
  readonly target: string;
  /** The page that was refused; 0 is the first. */
  readonly page: number;

  constructor(target: string, response: ArmResponse, page: number) {
    super(`GET ${target} answered ${response.status}`);
    this.name = 'ArmListError';
    this.target = target;
    this.page = page;
    this.response = response;
  }
}
