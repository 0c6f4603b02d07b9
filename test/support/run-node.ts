import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const NODE = resolve('node_modules/.bin/node');

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** All of its environment beside PATH: nothing of the test runner's own gets into it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Sends SIGINT as soon as stderr or stdout holds this text. */
  readonly interruptAfter?: string;
}

/** Runs a program of ours in a process of its own, as a person does, to its end. */
export function runNode(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(NODE, [...args], {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { PATH: process.env.PATH, ...options.env },
    });
    let out = '';
    let err = '';
    let interrupted = false;
    const look = () => {
      if (interrupted || options.interruptAfter === undefined || !`${out}${err}`.includes(options.interruptAfter))
        return;
      interrupted = true;
      child.kill('SIGINT');
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      look();
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code, out, err }));
    child.stdin.end(options.input ?? '');
  });
}
