import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { completeLockfile, type Lockfile } from './lockfile.ts';

// Run after an install that changed package-lock.json: npm leaves out packages for other platforms that it did not
// install or whose registry did not serve them, and `npm ci` then refuses the file everywhere.

const file = join(resolve(import.meta.dirname, '..'), 'package-lock.json');
const lockfile: Lockfile = JSON.parse(readFileSync(file, 'utf8'));
const { completed, added } = completeLockfile(lockfile);
if (added.length > 0) writeFileSync(file, `${JSON.stringify(completed, null, 2)}\n`);
console.log(added.length === 0 ? 'Nothing was missing.' : `Added:\n${added.join('\n')}`);
