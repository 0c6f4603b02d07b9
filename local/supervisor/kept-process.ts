import {
  killGroup,
  ManagedProcess,
  type ProcessEnd,
  type ProcessSpecification,
  StartFailure,
} from './managed-process.ts';
import { mayRestart, type UnexpectedEnd } from './restart-policy.ts';

/** What the owner of a kept process learns. */
export interface KeeperEvents {
  /** It is up, for the first time or again. */
  up(process: ManagedProcess, again: boolean): Promise<void>;
  /** It ended though nobody asked it to; it is being started again. */
  down(name: string, end: ProcessEnd): void;
  /** It keeps failing and is given up. */
  lost(reason: Error): void;
  /** The process has another id now, ready or not. */
  pidsChanged(): void;
}

/** A process that is started again when it ends unexpectedly. */
export class KeptProcess {
  readonly #specify: () => ProcessSpecification;
  readonly #events: KeeperEvents;
  readonly #ends: UnexpectedEnd[] = [];
  #process: ManagedProcess | undefined;
  #startingPid: number | undefined;
  #stopping = false;
  #cycle: Promise<void> = Promise.resolve();

  /** @param specify is asked before every start: ports once chosen stay, addresses of others may have changed. */
  constructor(specify: () => ProcessSpecification, events: KeeperEvents) {
    this.#specify = specify;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#process?.pid ?? this.#startingPid;
  }

  /** First start. @throws StartFailure; the first failure is final, since it is nearly always a wrong set-up. */
  async start(): Promise<void> {
    await this.#launch(false);
  }

  /** Ends it and starts it anew, with what its specification says now. */
  async restart(): Promise<void> {
    const old = this.#process;
    if (old === undefined || this.#stopping) return;
    this.#process = undefined;
    await old.stop();
    if (!this.#stopping) await this.#launch(true);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#process?.stop();
    this.#process = undefined;
    if (this.#startingPid !== undefined) killGroup(this.#startingPid);
    await this.#cycle;
  }

  async #launch(again: boolean): Promise<void> {
    this.#requireWanted();
    const process = await ManagedProcess.start(this.#specify(), (pid) => {
      this.#startingPid = pid;
      this.#events.pidsChanged();
    }).finally(() => {
      this.#startingPid = undefined;
    });
    this.#process = process;
    void process.ended.then((end) => {
      if (this.#process !== process || this.#stopping) return;
      this.#process = undefined;
      this.#events.down(this.#specify().name, end);
      this.#ends.push({ atMs: Date.now(), byItself: end.signal === null });
      this.#cycle = this.#bringBack();
    });
    if (this.#stopping) await process.stop();
    this.#requireWanted();
    try {
      await this.#events.up(process, again);
    } catch (error) {
      // One that has ended while it was told of is being brought back already.
      if (!again || this.#process === process) throw error;
    }
  }

  #requireWanted(): void {
    if (this.#stopping) throw new StartFailure('It was stopped before it was up.');
  }

  /** Starts it again, and again, until it is up, given up, or no longer wanted. */
  async #bringBack(): Promise<void> {
    while (!this.#stopping) {
      if (!mayRestart(this.#ends, Date.now())) {
        this.#events.lost(new StartFailure(`${this.#specify().name} keeps ending. Log: ${this.#specify().logFile}`));
        return;
      }
      try {
        await this.#launch(true);
        return;
      } catch (error) {
        if (!(error instanceof StartFailure)) {
          this.#events.lost(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        this.#ends.push({ atMs: Date.now(), byItself: true });
      }
    }
  }
}
