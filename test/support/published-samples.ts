import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Json } from '../../lib/json.ts';

/** Samples that Microsoft publishes, where the machine has them. Nothing of them is kept here. */
const FOLDER = '../shared/samples/alerts';
const SUFFIX = '.json';

/** Each published sample by its name; none, and a line that says so, where the machine does not have them. */
export function publishedSamples(): ReadonlyMap<string, Json> {
  const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((file) => file.endsWith(SUFFIX)) : [];
  if (files.length === 0) console.log(`No published samples at ${FOLDER}: only our own are tested.`);
  return new Map(
    files.map((file) => [file.slice(0, -SUFFIX.length), JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Json]),
  );
}
