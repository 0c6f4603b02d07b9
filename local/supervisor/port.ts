import { createServer } from 'node:net';

/** A port that cannot be used. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** A port and the setting that chooses it. */
export interface WantedPort {
  readonly port: number;
  readonly setting: string;
}

/**
 * Reads a port from a setting.
 * @throws RangeError that names the setting.
 */
export function readPort(environment: NodeJS.ProcessEnv, setting: string, fallback: number): WantedPort {
  const text = environment[setting];
  if (text === undefined || text === '') return { port: fallback, setting };
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new RangeError(`${setting} is '${text}'; it must be a port from 0 to 65535, where 0 picks a free one.`);
  }
  return { port, setting };
}

/** A port that is free now, for a program that cannot pick one itself. */
export async function pickFreePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

/**
 * Makes sure that a port is free before anything is started on it.
 * @throws PortTaken with what to do about it.
 */
export async function requireFreePort({ port, setting }: WantedPort): Promise<void> {
  if (port === 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.code})`;
    reject(new PortTaken(`Port ${port} ${why}. Set ${setting} to another port, or to 0 for a free one.`));
  });
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve()));
  await promise;
}
