import { join } from 'node:path';
import type { WantedPort } from './port.ts';

/** How a local environment is run. All paths are absolute. */
export interface StartOptions {
  /** The checkout: what the processes are started from. */
  readonly root: string;
  readonly stateDirectory: string;
  readonly readyFile: string;
  /** Forget what an earlier run left in the state folder. */
  readonly fresh: boolean;
  /** Provision nothing. */
  readonly empty: boolean;
  /** Ask for function keys as Azure does. */
  readonly requireKeys: boolean;
  /** Simulated seconds for each real second; 0: time moves only when told. */
  readonly speed: number;
  /** Makes what the simulation draws by lot repeatable. */
  readonly seed: number;
  /** Simulated time of the very first start, ISO 8601; absent: the wall clock's. */
  readonly startTime: string | undefined;
  /** Where every ARM exchange is written as a JSON line. */
  readonly recordFile: string | undefined;
  /** Keep storage in memory: quicker, and lost at the end. */
  readonly storageInMemory: boolean;
  /** End when standard input ends: for whoever starts an environment from a program. */
  readonly endWithInput: boolean;
  /** The built app: the bundle that would be deployed. */
  readonly appFile: string;
  readonly hostJsonFile: string;
  /** `embedded`: this repository's own host. `coreTools`: Azure Functions Core Tools. */
  readonly host: 'embedded' | 'coreTools';
  readonly functionsPort: WantedPort;
  readonly armPort: WantedPort;
  /** What is run as simulated Azure, as storage and as host: files for Node. */
  readonly entries: ProcessEntries;
  readonly cliFile: string;
  /** The spec that the first start provisions. */
  readonly specFile: string;
}

/** Entry files of the processes. */
export interface ProcessEntries {
  readonly azure: string;
  readonly storage: string;
  readonly host: string;
}

/** The processes as they are in a checkout. */
export function entriesOf(root: string): ProcessEntries {
  return {
    azure: join(root, 'local/azure/main.ts'),
    storage: join(root, 'local/supervisor/azurite.ts'),
    host: join(root, 'local/host/main.ts'),
  };
}
