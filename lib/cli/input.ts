import type * as z from 'zod';
import { adjustmentId, baselineName, operationId, planHash } from '../api/common.ts';
import { check } from '../api/errors.ts';
import { CliError, usageError } from './cli-error.ts';
import { EXIT } from './exit-code.ts';
import type { VerbInput } from './verb.ts';

/**
 * A value checked against a schema of the API before anything is called.
 * @throws CliError (exit code 2) with everything that is wrong.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, root = ''): T {
  const result = check(schema, value, root);
  if (!result.ok) throw new CliError(EXIT.invalid, result.errors);
  return result.value;
}

/** The text of an option; absent when it was not given. */
export function optionText(input: VerbInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

export function optionFlag(input: VerbInput, name: string): boolean {
  return input.options[name] === true;
}

/** A number of minutes above zero; absent when the option was not given. */
export function optionMinutes(input: VerbInput, name: string): number | undefined {
  const text = optionText(input, name);
  if (text === undefined) return undefined;
  const minutes = Number(text);
  if (Number.isFinite(minutes) && minutes > 0 && minutes <= MINUTES_OF_A_YEAR) return minutes;
  throw usageError(
    `--${name} is not a number of minutes: ${text}.`,
    'Give minutes above zero, such as 90.',
    `--${name}`,
  );
}

const MINUTES_OF_A_YEAR = 366 * 24 * 60;

export function nameArgument(text: string | undefined): string {
  return checked(baselineName, text, 'NAME');
}

export function operationArgument(text: string | undefined): string {
  return checked(operationId, text, 'OPERATION');
}

export function adjustmentArgument(text: string | undefined): string {
  return checked(adjustmentId, text, 'ID');
}

export function hashArgument(text: string | undefined): string {
  return checked(planHash, text, 'HASH');
}
