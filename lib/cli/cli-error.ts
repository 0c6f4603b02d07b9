import { EXIT, type ExitCode } from './exit-code.ts';
import type { Finding } from './finding.ts';

/** A command that ends without its result: what is wrong, each with its remedy, and the exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly errors: readonly Finding[];
  /** HTTP status, when the app answered. */
  readonly status?: number;
  /** The app's answer, when it says more than its errors. */
  readonly body?: unknown;

  constructor(
    exitCode: ExitCode,
    errors: readonly Finding[],
    answer: { readonly status?: number | undefined; readonly body?: unknown } = {},
  ) {
    super(errors.map((error) => error.message).join(' '));
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.errors = errors;
    if (answer.status !== undefined) this.status = answer.status;
    if (answer.body !== undefined) this.body = answer.body;
  }
}

/** An error of the command line itself: wrong input, nothing started. */
export function usageError(message: string, remedy: string, path = ''): CliError {
  return new CliError(EXIT.invalid, [{ code: 'Usage', path, message, remedy }]);
}
