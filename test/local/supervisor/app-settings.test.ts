import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readAppSettings } from '../../../local/supervisor/app-settings.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hubkeeper-settings-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

describe('readAppSettings', () => {
  it('is empty where there are no files', () => {
    expect(readAppSettings(folder)).toEqual({});
  });

  it("prefers one's own settings to the sample's", () => {
    write('local.settings.sample.json', '{"Values": {"A": "sample", "B": "sample"}}');
    write('local.settings.json', '{"IsEncrypted": false, "Values": {"B": "own", "C": 1}}');

    expect(readAppSettings(folder)).toEqual({ A: 'sample', B: 'own' });
  });

  it('does not pass over a file that is broken', () => {
    write('local.settings.json', '{');

    expect(() => readAppSettings(folder)).toThrow('local.settings.json is not JSON');
  });
});
