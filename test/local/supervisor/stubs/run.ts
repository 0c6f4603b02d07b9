import { LocalEnvironment } from '../../../../local/supervisor/local-environment.ts';
import { stubOptions } from './options.ts';

// An environment of stubs in a process that a test can kill: run.ts ROOT STATE

const [root, stateDirectory] = process.argv.slice(2);
if (root === undefined || stateDirectory === undefined) throw new TypeError('usage: run.ts ROOT STATE');
await new LocalEnvironment(stubOptions(root, stateDirectory), { note: () => {}, lost: () => {} }).start();
