import { join, resolve } from 'node:path';
import * as z from 'zod';
import { userName } from '../api/common.ts';
import { usageError } from './cli-error.ts';
import type { World } from './world.ts';

/** Where the app is and how to speak to it. The key goes into a header only: never into a URL, never into output. */
export interface Endpoint {
  /** Without `/api` and without a slash at the end. */
  readonly url: string;
  readonly key?: string;
  readonly user?: string;
  readonly from: 'environment' | 'local state folder';
}

/** Options that every command takes. */
export interface EndpointOptions {
  readonly user?: string;
  /** Local state folder. */
  readonly state?: string;
}

const readyFile = z.looseObject({ functions: z.string(), functionKey: z.string().optional() });

/** Finds the app: HUBKEEPER_URL, else the ready file of the local state folder. */
export async function findEndpoint(world: World, options: EndpointOptions): Promise<Endpoint> {
  const { env } = world;
  const named = nameOfUser(
    options.user ?? filled(env.HUBKEEPER_USER),
    options.user === undefined ? 'HUBKEEPER_USER' : '--user',
  );
  const key = filled(env.HUBKEEPER_KEY);
  const address = filled(env.HUBKEEPER_URL);
  if (address !== undefined && options.state === undefined) {
    const url = baseUrl(address, 'HUBKEEPER_URL');
    if (key !== undefined) refuseKeyInTheClear(url);
    return {
      url,
      from: 'environment',
      ...(key === undefined ? {} : { key }),
      ...(named === undefined ? {} : { user: named }),
    };
  }

  const folder = options.state ?? '.hubkeeper';
  const file = join(resolve(world.workingFolder, folder), 'ready.json');
  const bytes = await world.readFile(file);
  if (bytes === null) {
    throw usageError(
      `It is not known where the app is: HUBKEEPER_URL is not set, and there is no ${file}.`,
      'Set HUBKEEPER_URL to the address of the app, or start the local environment with npm start.',
    );
  }
  const ready = readyFile.safeParse(parseJson(bytes));
  if (!ready.success) {
    throw usageError(
      `${file} is not a ready file.`,
      'Start the local environment again with npm start, or set HUBKEEPER_URL.',
    );
  }
  const url = baseUrl(ready.data.functions, file);
  const localKey = key ?? ready.data.functionKey;
  if (localKey !== undefined) refuseKeyInTheClear(url);
  // Nobody signs in to an app on one's own machine; the name of the account there is who calls.
  const user = named ?? [env.USER, env.USERNAME, world.accountName].map(filled).find(isName);
  if (user === undefined) {
    throw usageError(
      'It is not known who you are.',
      'Name yourself with --user NAME, or set HUBKEEPER_USER.',
      'HUBKEEPER_USER',
    );
  }
  return {
    url,
    from: 'local state folder',
    ...(localKey === undefined ? {} : { key: localKey }),
    user,
  };
}

function isName(text: string | undefined): boolean {
  return userName.safeParse(text).success;
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

function nameOfUser(name: string | undefined, source: string): string | undefined {
  if (name === undefined || userName.safeParse(name).success) return name;
  throw usageError(
    `${source} is not a name that a header can carry.`,
    'Use 1 to 100 printable ASCII characters, without a blank at either end.',
    source,
  );
}

function baseUrl(address: string, source: string): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw usageError(
      `${source} does not hold a URL.`,
      'Give the address of the app, such as https://NAME.azurewebsites.net.',
      source,
    );
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw usageError(`${source} is neither an https nor an http address.`, 'Give the address of the app.', source);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw usageError(
      `${source} carries more than the address of the app.`,
      'Give scheme, host and port only; the function key belongs in HUBKEEPER_KEY.',
      source,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/api$/, '')}`;
}

function refuseKeyInTheClear(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) return;
  throw usageError(
    `The function key would cross the network in the clear to ${hostname}.`,
    'Use the https address of the app.',
    'HUBKEEPER_URL',
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // The caller says that the file is not what it should be.
    return undefined;
  }
}
