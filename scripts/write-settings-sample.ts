import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { settingTable } from '../lib/settings.ts';
import { settingsSample } from './settings-sample.ts';

// Run after a change of the table of settings; a test compares the file with the table.

const file = join(resolve(import.meta.dirname, '..'), 'local.settings.sample.json');
writeFileSync(file, `${JSON.stringify(settingsSample(settingTable), null, 2)}\n`);
