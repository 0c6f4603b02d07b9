import { renameSync, writeFileSync } from 'node:fs';

/**
 * Writes a JSON file so that a reader sees either the old one or the whole new one.
 * @param mode permissions; narrow ones for secrets.
 */
export function writeJsonAtomically(file: string, value: unknown, mode = 0o644): void {
  const fresh = `${file}.${process.pid}.new`;
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode });
  renameSync(fresh, file);
}
