import { readFileSync } from 'node:fs';
import type { JournalEntry } from '../../lib/api/journal.ts';
import { isFinal, type OperationBody } from '../../lib/api/operation.ts';
import type { PlanBody } from '../../lib/api/plan.ts';
import type { TestEnvironment } from './environment.ts';

/** What the simulation counts of each resource. */
export interface SimulationStatistics {
  readonly resources: Readonly<
    Record<
      string,
      {
        readonly creates: number;
        readonly writes: number;
        readonly deletes: number;
        readonly rejected: Readonly<Record<string, number>>;
      }
    >
  >;
  readonly operations: readonly {
    readonly id: string;
    readonly resource: string;
    readonly status: string;
    readonly start: string;
    readonly end: string;
  }[];
  readonly peakParallel: number;
  readonly principals: Readonly<
    Record<string, { readonly writes: number; readonly rejected: Readonly<Record<string, number>> }>
  >;
}

/** The published AKS baseline, as text. */
export function sampleSpec(): string {
  return readFileSync('samples/aks-baseline.yaml', 'utf8');
}

/** Puts a spec and gives its operation's id. */
export async function put(environment: TestEnvironment, name: string, spec: string): Promise<string> {
  const { status, body } = await environment.api<{ operationId: string }>('PUT', `/api/baselines/${name}`, spec);
  if (status !== 202) throw new Error(`The spec of ${name} was not taken: ${status} ${JSON.stringify(body)}`);
  return body.operationId;
}

export async function operationOf(environment: TestEnvironment, id: string): Promise<OperationBody> {
  return (await environment.api<OperationBody>('GET', `/api/operations/${id}`)).body;
}

/** Moves time on until the operation has ended or waits for somebody. */
export async function untilSettled(
  environment: TestEnvironment,
  id: string,
  maximumSeconds = 4 * 3_600,
): Promise<OperationBody> {
  return environment.advanceUntil(
    `operation ${id} is over`,
    async () => {
      const operation = await operationOf(environment, id);
      return isFinal(operation.state) || operation.state === 'waiting' ? operation : undefined;
    },
    maximumSeconds,
    30,
  );
}

/** Puts a spec and moves time on until it is provisioned. */
export async function provision(environment: TestEnvironment, name: string, spec: string): Promise<OperationBody> {
  return untilSettled(environment, await put(environment, name, spec));
}

export async function planOf(environment: TestEnvironment, name: string): Promise<PlanBody> {
  const { status, body } = await environment.api<PlanBody>('POST', `/api/baselines/${name}/plan`);
  if (status !== 200) throw new Error(`There is no plan of ${name}: ${status} ${JSON.stringify(body)}`);
  return body;
}

export async function statistics(environment: TestEnvironment): Promise<SimulationStatistics> {
  return (await environment.sim<SimulationStatistics>('GET', 'stats')).body;
}

/** Bodies of everything in simulated Azure, by id in lower case. */
export async function resources(
  environment: TestEnvironment,
): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const { body } = await environment.sim<{ resources: readonly Readonly<Record<string, unknown>>[] }>('GET', 'state');
  return new Map(body.resources.map((resource) => [String(resource.id).toLowerCase(), resource]));
}

/** All journal lines of a baseline, oldest first. */
export async function journal(environment: TestEnvironment, name: string): Promise<readonly JournalEntry[]> {
  const entries: JournalEntry[] = [];
  let continuation = '';
  for (;;) {
    const query = continuation === '' ? '' : `&continuation=${encodeURIComponent(continuation)}`;
    const { body } = await environment.api<{ entries: JournalEntry[]; next: string | null }>(
      'GET',
      `/api/journal?baseline=${name}${query}`,
    );
    entries.push(...body.entries);
    if (body.next === null) return entries;
    continuation = body.next;
  }
}

/** Codes of writes that simulated Azure refused, with how often. */
export function rejections(counted: SimulationStatistics): Readonly<Record<string, number>> {
  const codes: Record<string, number> = {};
  for (const { rejected } of Object.values(counted.resources)) {
    for (const [code, times] of Object.entries(rejected)) codes[code] = (codes[code] ?? 0) + times;
  }
  return codes;
}
