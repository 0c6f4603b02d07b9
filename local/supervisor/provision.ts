import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Ready } from './local-environment.ts';
import type { StartOptions } from './options.ts';
import { cliEnvironment } from './specifications.ts';
import { provisionedFile } from './state-files.ts';
import { writeJsonAtomically } from './write-atomically.ts';

/** How the first provisioning went. */
export type Provisioning = 'done' | 'failed' | 'already' | 'waiting';

/** Exit code of the command line tool when a person has to approve something first. */
const WAITS_FOR_APPROVAL = 3;

/**
 * Provisions the sample through the command line tool, which draws its progress on this terminal. Only a success is
 * remembered: what was interrupted or failed is applied again by the next start, which changes nothing that is right.
 */
export async function provisionOnce(
  options: StartOptions,
  ready: Ready,
  trustedCertificatesFile: string,
  signal: AbortSignal,
): Promise<Provisioning> {
  const marker = provisionedFile(options.stateDirectory);
  if (existsSync(marker)) return 'already';
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const child = spawn(process.execPath, [options.cliFile, 'apply', relative(process.cwd(), options.specFile)], {
    env: cliEnvironment(ready.functions, ready.functionKey, trustedCertificatesFile),
    stdio: ['ignore', 'inherit', 'inherit'],
    // Ctrl-C is for the environment, which ends the tool: by itself it would tell how to follow what has stopped as well.
    detached: true,
  });
  const end = () => child.kill();
  signal.addEventListener('abort', end);
  child.once('exit', resolve);
  child.once('error', reject);
  const exitCode = await promise.finally(() => signal.removeEventListener('abort', end));
  if (exitCode === WAITS_FOR_APPROVAL) return 'waiting';
  if (exitCode !== 0) return 'failed';
  writeJsonAtomically(marker, { specFile: options.specFile });
  return 'done';
}
