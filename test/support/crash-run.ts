import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../lib/api/journal.ts';
import { isFinal, type OperationBody } from '../../lib/api/operation.ts';
import type { FaultSwitches } from '../../local/host/faults.ts';
import { journal, planOf, rejections, resources, sampleSpec, statistics } from './baseline-scenario.ts';
import { buildApp, type EnvironmentOptions, startEnvironment, type TestEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';
import type { JsonResponse } from './http-json.ts';

/** The baseline of the published sample. */
export const BASELINE = 'aks-baseline';
/** The sample with other tags on everything: an update of every resource that has tags. */
export function changedSpec(unit: string): string {
  return sampleSpec().replace('businessUnit: BU0001', `businessUnit: ${unit}`);
}

/** How long a run may take in simulated time; undisturbed the sample takes less than half an hour. */
const PATIENCE_SECONDS = 8 * 3_600;
const STEP_SECONDS = 30;

/** What is left when a run is over, without what differs between two runs of the same. */
export interface Picture {
  readonly operation: { readonly state: string; readonly errors: readonly unknown[] };
  /** Values by id and path: every leaf of every body. */
  readonly resources: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** `decision resource`, sorted; a line that is there twice is in here twice. */
  readonly journal: readonly string[];
  /** Lines about whole runs that are there although nothing has changed since the last of their kind. */
  readonly repeated: readonly string[];
  /** What Azure has counted: `creates` and `deletes` of each resource that was written. */
  readonly creates: ReadonlyMap<string, number>;
  readonly rejections: Readonly<Record<string, number>>;
  /** Ids of what a new plan would do. */
  readonly planned: readonly string[];
}

/** A bundle of its own: a host that is restarted must load what the host before it had loaded. */
export function buildCrashApp(outputDirectory: string): string {
  buildApp({ entryFile: 'functions/index.ts', outputDirectory });
  return join(outputDirectory, 'main.cjs');
}

/** An environment whose state outlives kills of any of its processes. */
export function startCrashEnvironment(appFile: string, options: EnvironmentOptions = {}): Promise<TestEnvironment> {
  return startEnvironment({ appFile, record: null, ...options });
}

/**
 * A call to the app or the simulation, again and again while nobody is there or it has no access to its state, as any
 * client does.
 */
export async function patiently<Body>(
  what: string,
  call: () => Promise<JsonResponse<Body>>,
): Promise<JsonResponse<Body>> {
  return eventually(what, async () => {
    try {
      const response = await call();
      return response.status === 503 ? undefined : response;
    } catch (error) {
      if (isLostConnection(error)) return undefined;
      throw error;
    }
  });
}

/** Whether a call met no server, or its server died. */
export function isLostConnection(error: unknown): boolean {
  // Errors of Node itself are of another realm than those of a test.
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code);
}

/**
 * Has the app record an operation once. The answer may be lost with the host: then it is looked up whether the
 * operation, whose id follows from the ones before, has been recorded.
 */
async function recordOnce(environment: TestEnvironment, method: string, body?: string): Promise<string> {
  const { body: listed } = await patiently('the operations are listed', () =>
    environment.api<{ operations?: readonly { readonly id: string }[] }>('GET', `/api/operations?baseline=${BASELINE}`),
  );
  const numbers = (listed.operations ?? []).map(({ id }) => Number(id.slice(BASELINE.length + 1)));
  const expected = `${BASELINE}-${Math.max(0, ...numbers) + 1}`;
  return eventually(`the ${method} is recorded`, async () => {
    try {
      const response = await environment.api<{ operationId: string }>(method, `/api/baselines/${BASELINE}`, body);
      if (response.status === 202) return response.body.operationId;
      if (response.status !== 503)
        throw new Error(`${method} was not taken: ${response.status} ${JSON.stringify(response.body)}`);
      return undefined;
    } catch (error) {
      if (!isLostConnection(error)) throw error;
    }
    const { status } = await patiently('the operation is looked up', () =>
      environment.api('GET', `/api/operations/${expected}`),
    );
    return status === 200 ? expected : undefined;
  });
}

/** Puts a spec once and gives its operation's id. */
export function putOnce(environment: TestEnvironment, spec: string): Promise<string> {
  return recordOnce(environment, 'PUT', spec);
}

/** Asks for the teardown once and gives its operation's id. */
export function deleteOnce(environment: TestEnvironment): Promise<string> {
  return recordOnce(environment, 'DELETE');
}

/** Moves time on, also while one of the processes is being restarted. */
export async function moveOn(environment: TestEnvironment, seconds: number): Promise<void> {
  await patiently('time moves', () => environment.sim('POST', 'clock', { advanceSeconds: seconds }, 300));
}

/** What happens beside a step of time: it must let the step end. */
export type Meanwhile = (moving: Promise<void>) => Promise<void>;

/**
 * Moves time on until there is something to see.
 * @throws with what it tells when it never comes to that.
 */
export async function untilSeen<Value>(
  environment: TestEnvironment,
  look: () => Promise<{ readonly seen: Value } | { readonly missing: string }>,
  meanwhile: Meanwhile = (moving) => moving,
): Promise<Value> {
  for (let passedSeconds = 0; ; passedSeconds += STEP_SECONDS) {
    const found = await look();
    if ('seen' in found) return found.seen;
    if (passedSeconds > PATIENCE_SECONDS) throw new Error(`After ${passedSeconds} simulated seconds ${found.missing}`);
    await meanwhile(moveOn(environment, STEP_SECONDS));
  }
}

/** Moves time on until the operation is as wanted. @throws with the operation when it ends otherwise or never comes to that. */
export function untilOperation(
  environment: TestEnvironment,
  id: string,
  isWanted: (operation: OperationBody) => boolean,
  meanwhile?: Meanwhile,
): Promise<OperationBody> {
  return untilSeen<OperationBody>(
    environment,
    async () => {
      const { body } = await patiently('the operation is shown', () =>
        environment.api<OperationBody>('GET', `/api/operations/${id}`),
      );
      if (body.state !== undefined && isWanted(body)) return { seen: body };
      const missing = `${id} is not as wanted: ${JSON.stringify(body)}`;
      if (body.state !== undefined && isFinal(body.state)) throw new Error(missing);
      return { missing };
    },
    meanwhile,
  );
}

export const isOver = (operation: OperationBody): boolean => isFinal(operation.state);

/** Whether a part of the operation is being written. */
export function isWriting(part: string): (operation: OperationBody) => boolean {
  return ({ nodes }) => nodes.some(({ id, state }) => id.includes(part) && state === 'running');
}

/** Sets the host's fault switches. */
export async function setFaults(environment: TestEnvironment, faults: FaultSwitches): Promise<void> {
  const { status, body } = await patiently('the faults are set', () =>
    environment.hostControl('PUT', 'faults', faults),
  );
  if (status !== 200) throw new Error(`The faults were not set: ${JSON.stringify(body)}`);
}

/** What the host has done since it was started. */
export async function hostState(
  environment: TestEnvironment,
): Promise<{ readonly epoch: number; readonly activities: number }> {
  const { body: state } = await patiently('the host tells its state', () =>
    environment.hostControl<{ epoch: number }>('GET', ''),
  );
  const { body: counted } = await patiently('the host tells its statistics', () =>
    environment.hostControl<Record<string, { activities: number }>>('GET', 'statistics'),
  );
  const activities = Object.values(counted).reduce((sum, one) => sum + one.activities, 0);
  return { epoch: state.epoch, activities };
}

/** Ids of the environment's processes. */
function processes(environment: TestEnvironment): { readonly azure: number; readonly storage: number } {
  const { pids } = JSON.parse(readFileSync(join(environment.stateDirectory, 'processes.json'), 'utf8')) as {
    pids: readonly number[];
  };
  const [azure, storage] = pids;
  if (azure === undefined || storage === undefined) throw new Error('The processes of the environment are not noted.');
  return { azure, storage };
}

/** Kills a process of the environment outright; the supervisor brings it back. */
export function kill(environment: TestEnvironment, which: 'azure' | 'storage'): void {
  process.kill(processes(environment)[which], 'SIGKILL');
}

/** Everything that two runs of the same must have in common. */
export async function pictureOf(environment: TestEnvironment, operation: OperationBody): Promise<Picture> {
  const counted = await statistics(environment);
  const bodies = await resources(environment);
  const entries = await journal(environment, BASELINE);
  const plan = await planOf(environment, BASELINE).catch((error: unknown) => {
    // After a teardown there is no spec to plan for.
    if (operation.trigger === 'delete') return { changes: [] };
    throw error;
  });
  return {
    operation: { state: operation.state, errors: operation.errors },
    resources: new Map([...bodies].map(([id, body]) => [id, new Map(leavesOf(body))])),
    journal: entries.map((entry) => `${entry.decision} ${(entry.resource ?? '').toLowerCase()}`.trimEnd()).sort(),
    repeated: repeatedIn(entries),
    creates: new Map(Object.entries(counted.resources).map(([id, { creates }]) => [id.toLowerCase(), creates])),
    rejections: rejections(counted),
    planned: plan.changes.map((change) => `${change.action} ${change.id}`),
  };
}

/**
 * A run is compared again where its plan is another one, and ends once: what is told twice in a row of one run was told
 * by two turns that should have been one.
 */
function repeatedIn(entries: readonly JournalEntry[]): readonly string[] {
  const latest = new Map<string, unknown>();
  return entries.flatMap(({ decision, operationId, after }) => {
    if (decision !== 'compared' && decision !== 'succeeded') return [];
    const [key, plan] = [`${decision} ${operationId}`, after ?? ''];
    const isRepeated = latest.get(key) === plan;
    latest.set(key, plan);
    return isRepeated ? [key] : [];
  });
}

const GUID = /^(W\/")?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"?$/i;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;

/** Leaves of a body by path, without what Azure draws anew each time: ETags, GUIDs, times, numbers of changes, public addresses. */
function* leavesOf(value: unknown, path = ''): Generator<[string, unknown]> {
  if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) yield* leavesOf(inner, `${path}/${name}`);
    if (Object.keys(value).length === 0) yield [path, Array.isArray(value) ? '[]' : '{}'];
    return;
  }
  const isDrawn =
    /\/(etag|ipAddress|changeNumber)$/.test(path) ||
    (typeof value === 'string' && (GUID.test(value) || TIME.test(value)));
  yield [path, isDrawn ? '(drawn)' : value];
}

/** What a disturbance may leave behind beside the end that all runs come to. */
export interface Tolerance {
  /** Codes of refused writes. */
  readonly rejections?: readonly string[];
  /** Decisions, as the journal spells them, that it may hold more or less often. */
  readonly decisions?: readonly string[];
}

/** What must not be, in words; nothing when the disturbed run came to the same end as the undisturbed one. */
export function complaints(
  reference: Picture,
  seen: Picture,
  { rejections: tolerated = [], decisions = [] }: Tolerance = {},
): readonly string[] {
  const strict = (lines: readonly string[]) =>
    lines.filter((line) => !decisions.some((decision) => line === decision || line.startsWith(`${decision} /`)));
  const { state, errors } = seen.operation;
  return [
    ...(state === reference.operation.state && errors.length === 0
      ? []
      : [`The operation ended as ${state}: ${JSON.stringify(errors)}`]),
    ...Object.entries(seen.rejections).flatMap(([code, times]) =>
      tolerated.includes(code) ? [] : [`Azure refused ${times} writes: ${code}`],
    ),
    ...[...seen.creates].flatMap(([id, creates]) =>
      creates === (reference.creates.get(id) ?? 0) ? [] : [`Created ${creates} times: ${id}`],
    ),
    ...[...reference.creates.keys()].flatMap((id) => (seen.creates.has(id) ? [] : [`Never written: ${id}`])),
    ...mapDifferences(reference.resources, seen.resources),
    ...countDifferences(strict(reference.journal), strict(seen.journal)),
    ...seen.repeated.map((line) => `In the journal twice in a row: ${line}`),
    ...seen.planned.map((change) => `A plan would still ${change}`),
  ];
}

function mapDifferences(reference: Picture['resources'], seen: Picture['resources']): readonly string[] {
  const missing = [...reference.keys()].filter((id) => !seen.has(id)).map((id) => `Not there: ${id}`);
  const more = [...seen].flatMap(([id, body]) => {
    const wanted = reference.get(id);
    if (wanted === undefined) return [`There though nobody asked for it: ${id}`];
    return [...new Set([...wanted.keys(), ...body.keys()])].flatMap((path) =>
      wanted.get(path) === body.get(path)
        ? []
        : [`Another value at ${id} ${path}: ${body.get(path)} instead of ${wanted.get(path)}`],
    );
  });
  return [...missing, ...more];
}

function countDifferences(reference: readonly string[], seen: readonly string[]): readonly string[] {
  const count = (lines: readonly string[], line: string) => lines.filter((one) => one === line).length;
  return [...new Set([...reference, ...seen])].flatMap((line) => {
    const [wanted, is] = [count(reference, line), count(seen, line)];
    return wanted === is ? [] : [`In the journal ${is} times instead of ${wanted}: ${line}`];
  });
}
