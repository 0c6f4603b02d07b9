import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { StartFailure } from './managed-process.ts';

/** Settings that everybody has, then those of whoever works here: the second wins. */
const FILES = ['local.settings.sample.json', 'local.settings.json'];

/**
 * App settings from the files in which Core Tools keep them (`Values`). In Azure, triggers that name a setting as
 * `%NAME%` find it among the app settings; here they find it in these.
 * @throws StartFailure for a file that is not JSON.
 */
export function readAppSettings(root: string): Readonly<Record<string, string>> {
  return Object.assign({}, ...FILES.map((file) => valuesIn(join(root, file))));
}

function valuesIn(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw error;
  }
  const { Values: values = {} } = parse(file, text);
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function parse(file: string, text: string): { readonly Values?: Readonly<Record<string, unknown>> } {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartFailure(`${file} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}
