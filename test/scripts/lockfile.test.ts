import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { completeLockfile, type Lockfile, missingPackages } from '../../scripts/lockfile.ts';

const LOCKFILE: Lockfile = {
  packages: {
    '': {},
    'node_modules/a': {
      version: '1.0.0',
      dev: true,
      optionalDependencies: {
        '@a/linux-x64-musl': '1.0.0',
        '@a/win32-arm64-msvc': '1.0.0',
        here: '1.0.0',
        inside: '2.0.0',
      },
    },
    'node_modules/a/node_modules/inside': { version: '2.0.0' },
    'node_modules/here': { version: '1.0.0' },
  },
};

describe('package-lock.json', () => {
  it('holds every package for every platform, or npm ci refuses it', () => {
    const lockfile: Lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8'));

    expect(missingPackages(lockfile)).toEqual([]);
  });
});

describe('completeLockfile', () => {
  it('adds what is missing with the platform that its name tells', () => {
    const { completed, added } = completeLockfile(LOCKFILE);

    expect(added).toEqual(['@a/linux-x64-musl', '@a/win32-arm64-msvc']);
    expect(completed.packages).toEqual({
      ...LOCKFILE.packages,
      'node_modules/@a/linux-x64-musl': {
        version: '1.0.0',
        dev: true,
        optional: true,
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
      },
      'node_modules/@a/win32-arm64-msvc': {
        version: '1.0.0',
        dev: true,
        optional: true,
        os: ['win32'],
        cpu: ['arm64'],
      },
    });
    expect(missingPackages(completed)).toEqual([]);
  });

  it('refuses to guess', () => {
    const lockfile: Lockfile = { packages: { 'node_modules/a': { optionalDependencies: { mystery: '1.0.0' } } } };

    expect(() => completeLockfile(lockfile)).toThrow('mystery@1.0.0');
  });
});
