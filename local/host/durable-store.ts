import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { HistoryEvent } from './history-event.ts';

export type InstanceStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Terminated' | 'Suspended';

/** One orchestration instance. Input, output and custom status are JSON text. */
export interface Instance {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly version: string | null;
  readonly status: InstanceStatus;
  readonly input: string | null;
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly parent: ParentLink | null;
}

export interface ParentLink {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly taskId: number;
}

/** A message for an instance. Without an execution it is for whichever runs when it is taken. */
export interface InboxMessage {
  readonly id: number;
  readonly executionId: string | null;
  readonly event: HistoryEvent;
}

export interface ActivityJob {
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
  readonly name: string;
  /** JSON text. */
  readonly input: string | null;
  /** How often it was begun. */
  readonly attempts: number;
}

export interface StoredTimer {
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
  readonly fireAtMs: number;
}

/** What is remembered of a timer trigger between its runs. */
export interface TimerTriggerStatus {
  readonly schedule: string;
  readonly lastMs: number | null;
  readonly nextMs: number;
  readonly updatedMs: number;
}

/** Which instances a query asks for. */
export interface InstanceFilter {
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  readonly statuses?: readonly string[];
  readonly idPrefix?: string;
}

/** The work belongs to a host that was dropped; it must leave no trace. */
export class StaleEpochError extends Error {
  constructor() {
    super('This host was dropped: what it still does must have no effect.');
    this.name = 'StaleEpochError';
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS instance (
  instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT, status TEXT NOT NULL,
  input TEXT, output TEXT, custom_status TEXT, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL, parent TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS history (
  instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL,
  PRIMARY KEY (instance_id, execution_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT, event TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS inbox_of_instance ON inbox (instance_id, id);
CREATE TABLE IF NOT EXISTS activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_id INTEGER NOT NULL,
  name TEXT NOT NULL, input TEXT, attempts INTEGER NOT NULL DEFAULT 0, UNIQUE (instance_id, execution_id, task_id)
) STRICT;
CREATE TABLE IF NOT EXISTS timer (
  instance_id TEXT NOT NULL, execution_id TEXT NOT NULL, task_id INTEGER NOT NULL, fire_at_ms INTEGER NOT NULL,
  PRIMARY KEY (instance_id, execution_id, task_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timer_trigger (
  name TEXT PRIMARY KEY, schedule TEXT NOT NULL, last_ms INTEGER, next_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT;
`;

type Row = Record<string, SQLInputValue>;

/**
 * The host's memory in SQLite. Each opening begins a new epoch; a transaction of an older one throws a
 * `StaleEpochError`, so that whatever a dropped host still does cannot touch the store.
 */
export class DurableStore {
  readonly epoch: number;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
    // In WAL mode NORMAL loses nothing when the process is killed; only a loss of power could cost the last commits.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    database.exec(SCHEMA);
    database.exec(
      "INSERT INTO meta (name, value) VALUES ('epoch', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
    );
    this.epoch = this.#epochInFile();
  }

  /** From now on every transaction fails. */
  close(): void {
    this.#closed = true;
    this.#statements.clear();
  }

  /** Runs all of `body` or nothing of it. Throws a `StaleEpochError` when the host was dropped. */
  transaction<T>(body: () => T): T {
    if (this.#closed) throw new StaleEpochError();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      if (this.#epochInFile() !== this.epoch) throw new StaleEpochError();
      const result = body();
      this.#database.exec('COMMIT');
      return result;
    } catch (thrown) {
      this.#database.exec('ROLLBACK');
      throw thrown;
    }
  }

  instance(instanceId: string): Instance | undefined {
    const row = this.#get('SELECT * FROM instance WHERE instance_id = ?', instanceId);
    return row === undefined ? undefined : toInstance(row);
  }

  /** In the order of their creation. */
  instances(filter: InstanceFilter): readonly Instance[] {
    return this.#all('SELECT * FROM instance ORDER BY created_ms, instance_id')
      .map(toInstance)
      .filter(
        ({ createdMs, status, instanceId }) =>
          createdMs >= (filter.createdFromMs ?? Number.NEGATIVE_INFINITY) &&
          createdMs <= (filter.createdToMs ?? Number.POSITIVE_INFINITY) &&
          (filter.statuses === undefined || filter.statuses.includes(status)) &&
          (filter.idPrefix === undefined || instanceId.startsWith(filter.idPrefix)),
      );
  }

  putInstance(instance: Instance): void {
    this.#run(
      'INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      instance.instanceId,
      instance.executionId,
      instance.name,
      instance.version,
      instance.status,
      instance.input,
      instance.output,
      instance.customStatus,
      instance.createdMs,
      instance.updatedMs,
      instance.parent === null ? null : JSON.stringify(instance.parent),
    );
  }

  /** Removes an instance with everything that belongs to it. */
  removeInstance(instanceId: string): void {
    for (const table of ['instance', 'history', 'inbox', 'activity', 'timer']) {
      this.#run(`DELETE FROM ${table} WHERE instance_id = ?`, instanceId);
    }
  }

  /** Drops what an ended generation left behind; its activities may still run, their results find no taker. */
  removeExecution(instanceId: string, executionId: string): void {
    this.#run('DELETE FROM history WHERE instance_id = ? AND execution_id = ?', instanceId, executionId);
    this.#run('DELETE FROM inbox WHERE instance_id = ? AND execution_id = ?', instanceId, executionId);
    this.removeTimers(instanceId, executionId);
  }

  history(instanceId: string, executionId: string): readonly HistoryEvent[] {
    return this.#all(
      'SELECT event FROM history WHERE instance_id = ? AND execution_id = ? ORDER BY seq',
      instanceId,
      executionId,
    ).map((row) => JSON.parse(String(row.event)) as HistoryEvent);
  }

  appendHistory(instanceId: string, executionId: string, from: number, events: readonly HistoryEvent[]): void {
    for (const [index, event] of events.entries()) {
      const text = JSON.stringify({ ...event, IsPlayed: true });
      this.#run('INSERT INTO history VALUES (?, ?, ?, ?)', instanceId, executionId, from + index, text);
    }
  }

  inbox(instanceId: string): readonly InboxMessage[] {
    return this.#all('SELECT id, execution_id, event FROM inbox WHERE instance_id = ? ORDER BY id', instanceId).map(
      (row) => ({
        id: Number(row.id),
        executionId: textOrNull(row.execution_id),
        event: JSON.parse(String(row.event)) as HistoryEvent,
      }),
    );
  }

  instancesWithMessages(): readonly string[] {
    return this.#all('SELECT instance_id, MIN(id) AS first FROM inbox GROUP BY instance_id ORDER BY first').map((row) =>
      String(row.instance_id),
    );
  }

  putMessage(instanceId: string, executionId: string | null, event: HistoryEvent): void {
    this.#run(
      'INSERT INTO inbox (instance_id, execution_id, event) VALUES (?, ?, ?)',
      instanceId,
      executionId,
      JSON.stringify(event),
    );
  }

  removeMessages(ids: readonly number[]): void {
    for (const id of ids) this.#run('DELETE FROM inbox WHERE id = ?', id);
  }

  activities(): readonly ActivityJob[] {
    return this.#all('SELECT * FROM activity ORDER BY id').map((row) => ({
      instanceId: String(row.instance_id),
      executionId: String(row.execution_id),
      taskId: Number(row.task_id),
      name: String(row.name),
      input: textOrNull(row.input),
      attempts: Number(row.attempts),
    }));
  }

  putActivity(job: ActivityJob): void {
    this.#run(
      'INSERT INTO activity (instance_id, execution_id, task_id, name, input, attempts) VALUES (?, ?, ?, ?, ?, ?)',
      job.instanceId,
      job.executionId,
      job.taskId,
      job.name,
      job.input,
      job.attempts,
    );
  }

  countAttempt(job: ActivityJob): void {
    this.#run(
      'UPDATE activity SET attempts = attempts + 1 WHERE instance_id = ? AND execution_id = ? AND task_id = ?',
      job.instanceId,
      job.executionId,
      job.taskId,
    );
  }

  /** Whether it was there: a result counts once. */
  removeActivity(job: Pick<ActivityJob, 'instanceId' | 'executionId' | 'taskId'>): boolean {
    return this.#remove('activity', job);
  }

  timers(): readonly StoredTimer[] {
    return this.#all('SELECT * FROM timer ORDER BY fire_at_ms').map((row) => ({
      instanceId: String(row.instance_id),
      executionId: String(row.execution_id),
      taskId: Number(row.task_id),
      fireAtMs: Number(row.fire_at_ms),
    }));
  }

  putTimer(timer: StoredTimer): void {
    this.#run(
      'INSERT INTO timer VALUES (?, ?, ?, ?)',
      timer.instanceId,
      timer.executionId,
      timer.taskId,
      timer.fireAtMs,
    );
  }

  /** Whether it was there: a timer fires once. */
  removeTimer(timer: Pick<StoredTimer, 'instanceId' | 'executionId' | 'taskId'>): boolean {
    return this.#remove('timer', timer);
  }

  removeTimers(instanceId: string, executionId: string): void {
    this.#run('DELETE FROM timer WHERE instance_id = ? AND execution_id = ?', instanceId, executionId);
  }

  timerTrigger(name: string): TimerTriggerStatus | undefined {
    const row = this.#get('SELECT * FROM timer_trigger WHERE name = ?', name);
    if (row === undefined) return undefined;
    return {
      schedule: String(row.schedule),
      lastMs: row.last_ms === null ? null : Number(row.last_ms),
      nextMs: Number(row.next_ms),
      updatedMs: Number(row.updated_ms),
    };
  }

  putTimerTrigger(name: string, status: TimerTriggerStatus): void {
    this.#run(
      'INSERT OR REPLACE INTO timer_trigger VALUES (?, ?, ?, ?, ?)',
      name,
      status.schedule,
      status.lastMs,
      status.nextMs,
      status.updatedMs,
    );
  }

  #remove(
    table: 'activity' | 'timer',
    { instanceId, executionId, taskId }: Pick<ActivityJob, 'instanceId' | 'executionId' | 'taskId'>,
  ): boolean {
    const { changes } = this.#statement(
      `DELETE FROM ${table} WHERE instance_id = ? AND execution_id = ? AND task_id = ?`,
    ).run(instanceId, executionId, taskId);
    return Number(changes) === 1;
  }

  #epochInFile(): number {
    return Number(this.#get("SELECT value FROM meta WHERE name = 'epoch'")?.value);
  }

  #statement(sql: string): StatementSync {
    if (this.#closed) throw new StaleEpochError();
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  #all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  #run(sql: string, ...values: readonly SQLInputValue[]): void {
    this.#statement(sql).run(...values);
  }
}

function toInstance(row: Row): Instance {
  const parent = textOrNull(row.parent);
  return {
    instanceId: String(row.instance_id),
    executionId: String(row.execution_id),
    name: String(row.name),
    version: textOrNull(row.version),
    status: String(row.status) as InstanceStatus,
    input: textOrNull(row.input),
    output: textOrNull(row.output),
    customStatus: textOrNull(row.custom_status),
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    parent: parent === null ? null : (JSON.parse(parent) as ParentLink),
  };
}

function textOrNull(value: SQLInputValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
