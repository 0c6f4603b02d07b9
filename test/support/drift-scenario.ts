import type { JournalEntry } from '../../lib/api/journal.ts';
import { isFinal, type OperationBody } from '../../lib/api/operation.ts';
import { journal, operationOf } from './baseline-scenario.ts';
import { type Stage, shortName } from './stage.ts';

interface DriftBody {
  readonly lastScan: { readonly operationId: string; readonly at: string } | null;
  readonly lastLook: { readonly operationId: string; readonly at: string } | null;
  readonly drifts: readonly {
    readonly id: string;
    readonly path: string;
    readonly policy: string;
    readonly state: string;
    readonly code: string;
    readonly why: string;
    readonly until?: string | null;
    readonly approvePlanHash?: string;
    readonly before?: unknown;
    readonly after?: unknown;
    readonly operationId: string;
    readonly origin: { readonly author: { readonly name: string | null } | null } | null;
  }[];
  readonly unmanaged: readonly { readonly id: string; readonly type: string }[];
  readonly foreignEntries: readonly {
    readonly id: string;
    readonly path: string;
    readonly description: string;
    readonly origin: { readonly author: { readonly name: string | null } | null } | null;
  }[];
  readonly conflicts: readonly {
    readonly id: string;
    readonly path: string;
    readonly stopped: boolean;
    readonly putRight: readonly { readonly at: string }[];
    readonly changedBack: readonly { readonly at: string }[];
  }[];
}

/** The baseline whose drift is looked at. */
type Watched = Pick<Stage, 'environment' | 'name'>;

const NOTHING_KNOWN: DriftBody = {
  lastScan: null,
  lastLook: null,
  drifts: [],
  unmanaged: [],
  foreignEntries: [],
  conflicts: [],
};

/** What is known of the drift of a baseline. */
export async function driftOf(stage: Watched): Promise<DriftBody> {
  const { status, body } = await stage.environment.api<{ drift?: DriftBody }>('GET', `/api/baselines/${stage.name}`);
  if (status !== 200) throw new Error(`There is no baseline ${stage.name}: ${status}`);
  return body.drift ?? NOTHING_KNOWN;
}

/** From here on nobody hears of changes by events. */
export async function loseEvents(stage: Watched): Promise<void> {
  const { status } = await stage.environment.sim('PUT', 'events', { lostShare: 1 });
  if (status !== 200) throw new Error(`Events are not lost: ${status}`);
}

/** Events come again, soon and once each. */
export async function bringEvents(stage: Watched): Promise<void> {
  const { status } = await stage.environment.sim('PUT', 'events', {
    lostShare: 0,
    duplicateShare: 0.1,
    delaySeconds: [1, 20],
  });
  if (status !== 200) throw new Error(`Events do not come: ${status}`);
}

/** Time passes until everything was compared on schedule, from now on, and what that began has ended or waits. */
export async function scan(stage: Watched): Promise<OperationBody> {
  const before = (await driftOf(stage)).lastScan?.at;
  const operationId = await stage.environment.advanceUntil(
    'everything is compared again',
    async () => {
      const { lastScan } = await driftOf(stage);
      return lastScan === null || lastScan.at === before ? undefined : lastScan.operationId;
    },
    3 * 3_600,
  );
  return untilSettledOrWaiting(stage, operationId);
}

export async function untilSettledOrWaiting(stage: Watched, operationId: string): Promise<OperationBody> {
  return stage.environment.advanceUntil(
    `operation ${operationId} is over or waits`,
    async () => {
      const operation = await operationOf(stage.environment, operationId);
      return isFinal(operation.state) || operation.state === 'waiting' ? operation : undefined;
    },
    4 * 3_600,
    30,
  );
}

/** Time passes until the operation has ended. */
export async function untilOver(stage: Stage, operationId: string): Promise<OperationBody> {
  return stage.environment.advanceUntil(
    `operation ${operationId} is over`,
    async () => {
      const operation = await operationOf(stage.environment, operationId);
      return isFinal(operation.state) ? operation : undefined;
    },
    4 * 3_600,
    30,
  );
}

/** Journal lines of a decision, oldest first. */
export async function linesOf(stage: Watched, decision: string): Promise<readonly JournalEntry[]> {
  return (await journal(stage.environment, stage.name)).filter((line) => line.decision === decision);
}

/** `virtualNetworks/vnet properties.x`, as a person names a property of a resource. */
export function propertyName(id: string, path: string | undefined): string {
  return [shortName(id), path ?? ''].join(' ').trim();
}
