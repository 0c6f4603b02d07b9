import { join, resolve } from 'node:path';
import * as z from 'zod';
import { CliError, usageError } from './cli-error.ts';
import type { EndpointOptions } from './endpoint.ts';
import { EXIT } from './exit-code.ts';
import type { World } from './world.ts';

const readyFile = z.looseObject({ arm: z.string(), caFile: z.string() });

/**
 * Sends a control to the simulated Azure of the local environment, found by its ready file.
 * @throws CliError when there is none, or when it does not take the control.
 */
export async function controlSimulation(
  world: World,
  { state = '.hubkeeper' }: EndpointOptions,
  method: 'PUT' | 'POST',
  path: string,
  body: unknown,
): Promise<void> {
  const file = join(resolve(world.workingFolder, state), 'ready.json');
  const bytes = await world.readFile(file);
  const ready = readyFile.safeParse(bytes === null ? undefined : parsed(bytes));
  if (!ready.success) {
    throw usageError(
      `There is no simulated Azure: ${file} is missing or no ready file.`,
      'Start the local environment with npm start, or name its folder with --state.',
    );
  }
  const certificate = await world.readFile(ready.data.caFile);
  const { status, text } = await world.sendTrusting(
    `${ready.data.arm}/_sim/${path}`,
    Buffer.from(certificate ?? new Uint8Array()).toString('utf8'),
    method,
    JSON.stringify(body),
  );
  if (status >= 200 && status < 300) return;
  throw new CliError(
    EXIT.failed,
    [
      {
        code: 'SimulationRefused',
        path: '',
        message: `The simulation answered ${status}: ${text.slice(0, 300)}`,
        remedy: 'See local/README.md for what it takes.',
      },
    ],
    { status },
  );
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // The caller says that the file is no ready file.
    return undefined;
  }
}
