import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestEnvironment } from './environment.ts';

/** An event as a partner's topic takes it. */
export interface ToldEvent {
  readonly type: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A topic that keeps what it is told. The environment's authority vouches for it, so it opens after that has started. */
export class Topic {
  readonly endpoint: string;
  readonly told: ToldEvent[] = [];
  readonly #port: number;
  #server: Server | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.endpoint = `https://127.0.0.1:${port}/api/events`;
  }

  /** On a port that is free now. */
  static async reserve(): Promise<Topic> {
    const socket = createSocketServer().listen(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address() as AddressInfo;
    socket.close();
    await once(socket, 'close');
    return new Topic(port);
  }

  async open(environment: TestEnvironment): Promise<void> {
    const directory = dirname(environment.ready.caFile);
    const [cert, key] = ['storage.pem', 'storage-key.pem'].map((name) => readFileSync(join(directory, name)));
    this.#server = createServer({ cert, key }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.told.push(...JSON.parse(Buffer.concat(chunks).toString('utf8')));
        response.writeHead(200).end();
      });
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    if (this.#server === undefined) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
