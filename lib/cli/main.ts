#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import { runProgram } from './program.ts';
import type { World } from './world.ts';

function createWorld(): World {
  const account = accountName();
  return {
    env: process.env,
    ...(account === undefined ? {} : { accountName: account }),
    // npm runs scripts in the folder of the package; paths mean the folder that the person is in.
    workingFolder:
      process.env.npm_lifecycle_event === 'hubkeeper' ? (process.env.INIT_CWD ?? process.cwd()) : process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    fetch,
    sendTrusting: async (url, authorityPem, method, body, more = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
      const headers = { 'content-type': 'application/json', ...more };
      const call = request(url, { method, ca: authorityPem, headers, agent: false }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject);
      });
      call.once('error', reject);
      call.end(body);
      return promise;
    },
    nowMs: Date.now,
    sleep: async (milliseconds, signal) => {
      await wait(milliseconds, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
    readFile: async (path) => {
      try {
        return await readFile(path);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        // A folder of that name is no file either.
        if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
        throw error;
      }
    },
    readStandardInput: () => buffer(process.stdin),
    ask: async (question) => {
      if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return null;
      const reader = createInterface({ input: process.stdin, output: process.stderr });
      // Ctrl-C and Ctrl-D leave the question without an answer for ever; they mean no.
      const given = new AbortController();
      reader.once('SIGINT', () => given.abort());
      reader.once('close', () => given.abort());
      try {
        return await reader.question(question, { signal: given.signal });
      } catch (error) {
        if (!given.signal.aborted) throw error;
        process.stderr.write('\n');
        return '';
      } finally {
        reader.close();
      }
    },
    onInterrupt: (callback) => {
      const byPerson = () => callback('person');
      const byProcess = () => callback('process');
      process.once('SIGINT', byPerson);
      process.once('SIGTERM', byProcess);
      return () => {
        process.off('SIGINT', byPerson);
        process.off('SIGTERM', byProcess);
      };
    },
  };
}

function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // Containers run under numbers that no account has.
    return undefined;
  }
}

// `hubkeeper journal | head` closes the pipe: nobody reads on, so there is nothing more to say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

runProgram(process.argv.slice(2), createWorld(), packageJson.version).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
