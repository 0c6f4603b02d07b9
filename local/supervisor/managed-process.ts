import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './error-code.ts';

/** A process of the local environment and how it is started. */
export interface ProcessSpecification {
  /** As shown to people, such as `Functions host`. */
  readonly name: string;
  /** Arguments of Node, or of `program` where that is given. */
  readonly arguments: readonly string[];
  readonly program?: string;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Gets everything that the process prints. */
  readonly logFile: string;
  /** How long it may take until it is ready. */
  readonly readyWithinSeconds: number;
  /**
   * For a foreign program, which reports nothing: it is ready when this URL answers, whatever the answer, and the report
   * is taken as given here.
   */
  readonly answers?: { readonly url: string; readonly report: Readonly<Record<string, unknown>> };
}

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that did not come up. Its message says why and where to read more. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

const LOOK_EVERY_MS = 20;
/** The report of the simulated Azure holds the secret of its identity. */
const OWNER_ONLY = 0o600;
const TAIL_BYTES = 4_000;
/** After the polite request to end; what an emulator needs to write its files is well under this. */
const GRACE_SECONDS = 8;

/**
 * A child in a process group of its own. It ends by itself when its standard input closes, so that it never outlives
 * the supervisor, however that died. Its output goes straight to a file: a pipe would break with the supervisor and
 * could spoil a clean end.
 */
export class ManagedProcess {
  readonly pid: number;
  /** What it reported when it was ready. */
  readonly report: Readonly<Record<string, unknown>>;
  /** Fulfilled when it has ended; never rejected. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    pid: number,
    report: Readonly<Record<string, unknown>>,
    ended: Promise<ProcessEnd>,
  ) {
    this.#child = child;
    this.pid = pid;
    this.report = report;
    this.ended = ended;
  }

  /**
   * Starts it and waits for its line `{"ready":true,…}`.
   * @param started called with the process id as soon as there is one, long before the process is ready.
   * @throws StartFailure when it ends or stays silent instead.
   */
  static async start(specification: ProcessSpecification, started: (pid: number) => void): Promise<ManagedProcess> {
    const log = openSync(specification.logFile, 'a', OWNER_ONLY);
    let child: ChildProcess;
    let logOffset: number;
    try {
      logOffset = await sizeOf(specification.logFile);
      child = spawn(specification.program ?? process.execPath, specification.arguments, {
        cwd: specification.workingDirectory,
        env: { ...specification.environment },
        detached: true,
        stdio: ['pipe', log, log],
      });
    } finally {
      closeSync(log);
    }
    const ended = endOf(child);
    // The child may be gone before its input closes: that is no news.
    child.stdin?.on('error', () => {});
    const { pid } = child;
    if (pid === undefined) {
      await ended;
      throw new StartFailure(
        `${specification.name} could not be started: ${specification.program ?? process.execPath}.`,
      );
    }
    started(pid);
    const report = await waitForReport(specification, logOffset, ended).catch(async (error: unknown) => {
      killGroup(pid);
      await ended;
      throw error;
    });
    // Whatever it started itself goes with it.
    void ended.then(() => killGroup(pid));
    return new ManagedProcess(child, pid, report, ended);
  }

  /** Ends it: politely first, by force after a few seconds. */
  async stop(): Promise<ProcessEnd> {
    this.#child.stdin?.end();
    this.#child.kill('SIGTERM');
    const timeout = new AbortController();
    const outOfPatience = sleep(GRACE_SECONDS * 1000, undefined, { signal: timeout.signal }).then(
      () => killGroup(this.pid),
      () => {},
    );
    const end = await this.ended;
    timeout.abort();
    await outOfPatience;
    return end;
  }

  /** Ends it and everything it started, at once. */
  kill(): void {
    killGroup(this.pid);
  }
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
  child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  child.once('error', () => resolve({ exitCode: null, signal: null }));
  return promise;
}

/** Kills a process group; that it is gone already is fine. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}

async function sizeOf(file: string): Promise<number> {
  const handle = await open(file, 'r');
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function readFrom(file: string, offset: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.max(0, size - offset));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function waitForReport(
  specification: ProcessSpecification,
  logOffset: number,
  ended: Promise<ProcessEnd>,
): Promise<Readonly<Record<string, unknown>>> {
  let end: ProcessEnd | undefined;
  void ended.then((value) => {
    end = value;
  });
  const deadlineMs = performance.now() + specification.readyWithinSeconds * 1000;
  for (;;) {
    const isOver = end !== undefined;
    const output = await readFrom(specification.logFile, logOffset);
    const report = await reportOf(specification, output);
    if (report !== undefined) return report;
    if (isOver) throw new StartFailure(failureText(specification, `ended at once${describe(end)}`, output));
    if (performance.now() > deadlineMs) {
      const reason = `did not report ready within ${specification.readyWithinSeconds} seconds`;
      throw new StartFailure(failureText(specification, reason, output));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function reportOf(
  { answers }: ProcessSpecification,
  output: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (answers === undefined) return reportIn(output);
  return fetch(answers.url).then(
    () => answers.report,
    () => undefined,
  );
}

/** The ready line, once it is there in full. */
export function reportIn(output: string): Readonly<Record<string, unknown>> | undefined {
  const complete = output.slice(0, output.lastIndexOf('\n') + 1);
  for (const line of complete.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null && 'ready' in value && value.ready === true) return { ...value };
    } catch {
      // A log line that begins with a brace is not the report.
    }
  }
  return undefined;
}

function describe(end: ProcessEnd | undefined): string {
  if (end?.signal) return ` by ${end.signal}`;
  return typeof end?.exitCode === 'number' ? ` with exit code ${end.exitCode}` : '';
}

function failureText(specification: ProcessSpecification, reason: string, output: string): string {
  const tail = output.slice(-TAIL_BYTES).trimEnd();
  const said = tail === '' ? 'It printed nothing.' : `It printed:\n${tail}`;
  return `${specification.name} ${reason}. ${said}\nLog: ${specification.logFile}`;
}
