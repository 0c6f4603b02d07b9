import { resolve } from 'node:path';
import { baselineName } from '../api/common.ts';
import { check } from '../api/errors.ts';
import { readDocument } from '../baseline/document.ts';
import { CliError, usageError } from './cli-error.ts';
import type { DocumentToSend } from './client.ts';
import { EXIT } from './exit-code.ts';
import { findingsIn } from './finding.ts';
import { plain } from './style.ts';
import type { World } from './world.ts';

/** A spec from the disk, or from standard input. */
export interface SpecFile extends DocumentToSend {
  /** As it was asked for, for messages. */
  readonly shown: string;
}

/** True when an argument can only be a file: it has a folder, an extension, or is `-`. */
export function looksLikeFile(argument: string): boolean {
  return argument === '-' || /[/\\.]/.test(argument);
}

/** Reads a spec; `null` when there is no such file. `-` is standard input. */
export async function readSpecFile(world: World, argument: string): Promise<SpecFile | null> {
  if (argument === '-') {
    return { shown: 'standard input', contentType: 'application/yaml', bytes: await world.readStandardInput() };
  }
  const bytes = await world.readFile(resolve(world.workingFolder, argument));
  if (bytes === null) return null;
  const contentType = /\.json$/i.test(argument) ? 'application/json' : 'application/yaml';
  return { shown: argument, contentType, bytes };
}

/** @throws CliError (exit code 2) when there is no such file. */
export async function specFile(world: World, argument: string): Promise<SpecFile> {
  const file = await readSpecFile(world, argument);
  if (file !== null) return file;
  throw usageError(`There is no file ${plain(argument)}.`, 'Give the path of a spec, or - for standard input.', 'SPEC');
}

/**
 * The name of the baseline that a spec is about. Everything else in it is for the app to judge.
 * @throws CliError (exit code 2) when the document cannot be read, or has no name.
 */
export function nameInSpec(file: SpecFile): string {
  const document = readDocument(file.bytes, file.contentType);
  if (!document.ok) throw new CliError(EXIT.invalid, findingsIn(file, document.violations));
  const { name } = document.value;
  if (typeof name !== 'string') {
    throw usageError(`${plain(file.shown)} does not say the name of the baseline.`, 'Add name: to the spec.', 'name');
  }
  const checkedName = check(baselineName, name, 'name');
  if (!checkedName.ok) throw new CliError(EXIT.invalid, findingsIn(file, checkedName.errors));
  return checkedName.value;
}

/**
 * Makes a call that carries a spec; what the app finds wrong with the spec gets its line in the file.
 * @throws CliError as the call does.
 */
export async function aboutSpec<Value>(file: SpecFile, called: Promise<Value>): Promise<Value> {
  try {
    return await called;
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.invalid) throw error;
    throw new CliError(error.exitCode, findingsIn(file, error.errors), { status: error.status, body: error.body });
  }
}
