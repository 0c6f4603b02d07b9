import { join, resolve } from 'node:path';
import * as z from 'zod';
import { isJsonObject, type JsonObject } from '../json.ts';
import { CliError, usageError } from './cli-error.ts';
import type { EndpointOptions } from './endpoint.ts';
import { EXIT } from './exit-code.ts';
import type { World } from './world.ts';

const readyFile = z.looseObject({ arm: z.string(), caFile: z.string() });

/** A request to the simulated Azure of the local environment. */
interface SimulationCall {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a control to the simulated Azure of the local environment, found by its ready file.
 * @throws CliError when there is none, or when it does not take the control.
 */
export async function controlSimulation(
  world: World,
  options: EndpointOptions,
  method: 'PUT' | 'POST',
  path: string,
  body: unknown,
): Promise<void> {
  await callSimulation(world, options, { method, path: `/_sim/${path}`, body });
}

/**
 * Changes a simulated resource as somebody else than the app would: `principal` names who. Nothing is written where
 * `edit` gives null.
 * @returns its body as it was.
 * @throws CliError when there is no simulation or no such resource, or when it does not take the change.
 */
export async function editSimulated(
  world: World,
  options: EndpointOptions,
  resource: { readonly id: string; readonly apiVersion: string },
  principal: string,
  edit: (body: JsonObject) => JsonObject | null,
): Promise<JsonObject> {
  const path = `${resource.id}?api-version=${encodeURIComponent(resource.apiVersion)}`;
  const headers = { 'x-sim-principal': principal };
  const body = parsed(await callSimulation(world, options, { method: 'GET', path, headers }));
  const before = isJsonObject(body) ? body : {};
  const edited = edit(before);
  if (edited !== null) await callSimulation(world, options, { method: 'PUT', path, headers, body: edited });
  return before;
}

/** @returns the text of the answer. */
async function callSimulation(
  world: World,
  { state = '.hubkeeper' }: EndpointOptions,
  { method, path, body, headers }: SimulationCall,
): Promise<string> {
  const file = join(resolve(world.workingFolder, state), 'ready.json');
  const bytes = await world.readFile(file);
  const ready = readyFile.safeParse(bytes === null ? undefined : parsed(textOf(bytes)));
  if (!ready.success) {
    throw usageError(
      `There is no simulated Azure: ${file} is missing or no ready file.`,
      'Start the local environment with npm start, or name its folder with --state.',
    );
  }
  const certificate = await world.readFile(ready.data.caFile);
  const { status, text } = await world.sendTrusting(
    `${ready.data.arm}${path}`,
    textOf(certificate ?? new Uint8Array()),
    method,
    body === undefined ? undefined : JSON.stringify(body),
    headers,
  );
  if (status >= 200 && status < 300) return text;
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

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller says that this is none of what it asked for.
    return undefined;
  }
}
