import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { settingTable } from '../../lib/settings.ts';
import { settingsSample } from '../../scripts/settings-sample.ts';

describe('local.settings.sample.json', () => {
  it('shows the settings that the app reads; node scripts/write-settings-sample.ts writes it anew', () => {
    expect(JSON.parse(readFileSync('local.settings.sample.json', 'utf8'))).toEqual(settingsSample(settingTable));
  });
});
