import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Interrupter, World } from '../../../lib/cli/world.ts';
import { answerer, type FakeAnswer, type FakeRoutes, type Received } from './fake-api.ts';

export interface FakeWorldOptions {
  readonly routes?: FakeRoutes;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  /** What a person answers, one after the other; without any nobody is there. */
  readonly answers?: readonly string[];
  readonly standardInput?: string;
  /** Presses Ctrl-C during the sleep with this number, counted from 1. */
  readonly interruptAtSleep?: number;
  /** Who presses; a person unless said otherwise. */
  readonly interrupter?: Interrupter;
  /** Of the account on the machine; `null`: it has none. */
  readonly accountName?: string | null;
}

export interface FakeWorld extends World {
  readonly received: readonly Received[];
  readonly sleepsMs: readonly number[];
  readonly asked: readonly string[];
  out(): string;
  err(): string;
}

/** Start of the fake clock, which moves by sleeping only: 2026-03-01T09:00:00Z. */
export const FAKE_NOW_MS = Date.parse('2026-03-01T09:00:00Z');

/** A stream that collects text; as a terminal it has a size. */
export class FakeSink extends Writable {
  readonly isTTY: boolean;
  readonly columns = 120;
  readonly rows = 30;
  #text = '';

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    this.#text += String(chunk);
    done();
  }

  /** Everything as it was written, control sequences included. */
  raw(): string {
    return this.#text;
  }

  text(): string {
    return stripVTControlCharacters(this.#text);
  }
}

/** A world without a network, a disk, a terminal or a clock of its own. */
export function createFakeWorld(options: FakeWorldOptions = {}): FakeWorld {
  const stdout = new FakeSink(options.terminal ?? false);
  const stderr = new FakeSink(options.terminal ?? false);
  const received: Received[] = [];
  const sleepsMs: number[] = [];
  const asked: string[] = [];
  const answers = [...(options.answers ?? [])];
  const answerTo = answerer(options.routes ?? {});
  const interrupts = new Set<(by: Interrupter) => void>();
  let nowMs = FAKE_NOW_MS;

  return {
    env: { HUBKEEPER_URL: 'https://app.example', ...options.env },
    ...(options.accountName === null ? {} : { accountName: options.accountName ?? 'operator' }),
    workingFolder: '/here',
    stdout,
    stderr,
    received,
    sleepsMs,
    asked,
    out: () => stdout.text(),
    err: () => stderr.text(),
    fetch: async (input, init) => {
      const url = new URL(String(input));
      const call: Received = {
        method: init?.method ?? 'GET',
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: await new Response(init?.body ?? null).text(),
      };
      received.push(call);
      return responseOf(answerTo(call));
    },
    sendTrusting: async (url, _authorityPem, method, body = '', headers = {}) => {
      const { pathname, searchParams } = new URL(url);
      const call: Received = { method, path: pathname, query: Object.fromEntries(searchParams), headers, body };
      received.push(call);
      const { status, body: answer } = answerTo(call);
      return { status, text: JSON.stringify(answer ?? null) };
    },
    nowMs: () => nowMs,
    sleep: async (milliseconds, signal) => {
      sleepsMs.push(milliseconds);
      if (sleepsMs.length === options.interruptAtSleep)
        for (const interrupt of interrupts) interrupt(options.interrupter ?? 'person');
      if (!signal.aborted) nowMs += milliseconds;
    },
    readFile: async (path) => {
      const text = options.files?.[path];
      return text === undefined ? null : new TextEncoder().encode(text);
    },
    readStandardInput: async () => new TextEncoder().encode(options.standardInput ?? ''),
    ask: async (question) => {
      asked.push(question);
      return answers.shift() ?? null;
    },
    onInterrupt: (callback) => {
      interrupts.add(callback);
      return () => interrupts.delete(callback);
    },
  };
}

function responseOf(answer: FakeAnswer): Response {
  if (answer.drop === true)
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }) });
  const body =
    answer.body === undefined ? null : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  return new Response(body, {
    status: answer.status,
    ...(answer.headers === undefined ? {} : { headers: answer.headers }),
  });
}
