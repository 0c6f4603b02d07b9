import { join } from 'node:path';
import type { StartOptions } from '../../../../local/supervisor/options.ts';

/** An environment of stubs on free ports. */
export function stubOptions(root: string, stateDirectory: string): StartOptions {
  const stubs = join(root, 'test/local/supervisor/stubs');
  return {
    root,
    stateDirectory,
    readyFile: join(stateDirectory, 'ready.json'),
    fresh: false,
    empty: true,
    requireKeys: false,
    speed: 0,
    seed: 1,
    startTime: undefined,
    recordFile: undefined,
    storageInMemory: true,
    endWithInput: false,
    appFile: join(root, 'dist/main.cjs'),
    hostJsonFile: join(root, 'host.json'),
    host: 'embedded',
    functionsPort: { port: 0, setting: 'HUBKEEPER_FUNCTIONS_PORT' },
    armPort: { port: 0, setting: 'HUBKEEPER_ARM_PORT' },
    entries: { azure: join(stubs, 'azure.ts'), storage: join(stubs, 'storage.ts'), host: join(stubs, 'host.ts') },
    cliFile: join(stubs, 'none.cjs'),
    specFile: join(stubs, 'none.yaml'),
  };
}
