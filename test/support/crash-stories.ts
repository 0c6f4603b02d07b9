import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultSwitches } from '../../local/host/faults.ts';
import { sampleSpec } from './baseline-scenario.ts';
import { COLLEAGUES_CHANGES, driftingSpec, driftSeen, makeChange, statesOf } from './crash-drift.ts';
import {
  BASELINE,
  changedSpec,
  deleteOnce,
  hostState,
  isOver,
  isWriting,
  kill,
  moveOn,
  type Picture,
  patiently,
  pictureOf,
  putOnce,
  setFaults,
  startCrashEnvironment,
  type Tolerance,
  untilOperation,
  untilSeen,
} from './crash-run.ts';
import type { TestEnvironment } from './environment.ts';

/** What is under way when it is disturbed. */
export const STORIES = ['provision', 'change', 'hold', 'teardown', 'drift', 'step-in'] as const;
export type Story = (typeof STORIES)[number];

/**
 * - `memory`: the host loses its memory before and after each activity; what it had begun may still run beside its repeat.
 * - `twice`: every activity runs twice, and the second answer counts.
 * - `host`: SIGKILL of the host at a point drawn from the seed.
 * - `azure`, `storage`: SIGKILL of that process in a step of time drawn from the seed.
 */
export const DISTURBANCES = ['memory', 'twice', 'host', 'azure', 'storage'] as const;
export type Disturbance =
  | { readonly name: 'none' | 'memory' | 'twice' }
  | { readonly name: 'host' | 'azure' | 'storage'; readonly seed: number };

/** How much there is to disturb, as the undisturbed run of the story has shown. */
export interface Extent {
  readonly activities: number;
  readonly steps: number;
}

export interface StoryResult {
  readonly picture: Picture;
  readonly extent: Extent;
  /** Whether the disturbance really came. */
  readonly disturbed: boolean;
}

/** Azurite writes its files every 200 ms; a storage account loses nothing that it has acknowledged. */
const STORAGE_SAVED_MS = 1_000;

/**
 * How often it is compared, how many runs it takes, and whether a scan finds a change before its event tells who made
 * it, depends on what comes first.
 */
const TIMED_DECISIONS = ['compared', 'drift explained', 'succeeded'];
/** What colleagues meet who change what is being written; whoever else meets it has a line in the journal. */
const COLLEAGUES_REJECTIONS = ['AnotherOperationInProgress', 'RetryableError', 'ReferencedResourceNotProvisioned'];

const HOUR_SECONDS = 3_600;
/** How long after the first change everything is compared. */
const SCAN_AFTER_SECONDS = 60;

/** What a disturbance may leave behind. */
export function toleranceOf(story: Story, disturbance: Disturbance): Tolerance {
  const left = leftBy(story, disturbance);
  if (story !== 'drift' && story !== 'step-in') return left;
  return {
    rejections: [...(left.rejections ?? []), ...COLLEAGUES_REJECTIONS],
    decisions: [...(left.decisions ?? []), ...TIMED_DECISIONS],
  };
}

function leftBy(story: Story, { name }: Disturbance): Tolerance {
  switch (name) {
    case 'memory':
      // Two runs of one start at the same time: Azure lets one of them pass, and the other looks again or later.
      return {
        rejections: ['PreconditionFailed', 'Conflict', 'AnotherOperationInProgress'],
        decisions: story === 'provision' ? ['retry'] : ['retry', 'planned'],
      };
    case 'azure':
    case 'storage':
      // What could not be reached is tried again, and planned again.
      return { decisions: ['retry', 'planned'] };
    default:
      return story === 'provision' ? {} : { decisions: ['planned'] };
  }
}

/** Plays a story in an environment of its own. */
export async function playStory(
  appFile: string,
  story: Story,
  disturbance: Disturbance,
  extent: Extent = { activities: 1, steps: 1 },
): Promise<StoryResult> {
  const environment = await startCrashEnvironment(appFile, { keepStorage: disturbance.name === 'storage' });
  try {
    return await new Player(environment, disturbance, extent).play(story);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${story} under ${JSON.stringify(disturbance)}: ${message}\n${environment.logs()}`, {
      cause: error,
    });
  } finally {
    await environment.stop();
  }
}

class Player {
  readonly #environment: TestEnvironment;
  readonly #disturbance: Disturbance;
  readonly #killAtStep: number;
  #before = { epoch: 0, activities: 0 };
  #pid = 0;
  #steps = 0;
  #killed = false;
  /** Where only waiting is left: the extent until then. */
  #worked: Extent | undefined;
  readonly #extent: Extent;

  constructor(environment: TestEnvironment, disturbance: Disturbance, extent: Extent) {
    this.#environment = environment;
    this.#disturbance = disturbance;
    this.#extent = extent;
    this.#killAtStep =
      'seed' in disturbance ? 1 + ((Math.imul(disturbance.seed, 2_654_435_761) >>> 0) % extent.steps) : 0;
  }

  async play(story: Story): Promise<StoryResult> {
    const operation = await this.#run(story);
    const picture = await pictureOf(this.#environment, operation);
    const { epoch } = await hostState(this.#environment);
    const extent = this.#worked ?? (await this.#extentSoFar());
    return { picture, extent, disturbed: this.#wasDisturbed(epoch) };
  }

  async #extentSoFar(): Promise<Extent> {
    const { activities } = await hostState(this.#environment);
    return { activities: activities - this.#before.activities, steps: this.#steps };
  }

  async #run(story: Story) {
    const environment = this.#environment;
    switch (story) {
      case 'provision': {
        await this.#arm();
        return this.#until(await putOnce(environment, sampleSpec()), isOver);
      }
      case 'change': {
        const first = await putOnce(environment, sampleSpec());
        await this.#until(first, isWriting('/bastionHosts/'));
        await this.#arm();
        const second = await putOnce(environment, changedSpec('BU0002'));
        return this.#until(second, isOver);
      }
      case 'hold': {
        const id = await putOnce(environment, sampleSpec());
        await this.#until(id, isWriting('/bastionHosts/'));
        await this.#arm();
        await this.#hold();
        await this.#until(id, ({ state }) => state === 'waiting');
        return this.#until(id, isOver);
      }
      case 'teardown': {
        await this.#until(await putOnce(environment, sampleSpec()), isOver);
        await this.#arm();
        const id = await deleteOnce(environment);
        await this.#until(id, ({ state }) => state === 'waiting');
        await this.#approve('no longer needed');
        return this.#until(id, isOver);
      }
      case 'drift': {
        await this.#until(await putOnce(environment, driftingSpec()), isOver);
        // Whenever the test runs, the scheduled scan comes amid the changes, and the next one long after them.
        await moveOn(environment, secondsUntilScan(await this.#nowMs()) - SCAN_AFTER_SECONDS);
        await this.#arm();
        return this.#remedied();
      }
      case 'step-in': {
        await this.#until(await putOnce(environment, driftingSpec({ mode: 'full' })), isOver);
        const waiting = await putOnce(environment, driftingSpec({ mode: 'full', withoutZone: true }));
        await this.#until(waiting, ({ state }) => state === 'waiting');
        await this.#arm();
        return this.#remediedBefore(waiting);
      }
    }
  }

  /** Colleagues change things until all is put right, asked about and approved, or told; then everything is compared. */
  async #remedied() {
    const armedIso = new Date(await this.#nowMs()).toISOString();
    for (const changes of COLLEAGUES_CHANGES) {
      for (const change of changes) {
        await this.#untilSeen(async () =>
          (await makeChange(this.#environment, change)) ? { seen: true } : { missing: `${change.resource} is busy.` },
        );
      }
      // Long enough that what comes next meets writes under way.
      for (let steps = 0; steps < 2; steps++) await this.#meanwhile(moveOn(this.#environment, 20));
    }
    await this.#untilSeen(async () => {
      const { drift, told } = await driftSeen(this.#environment, armedIso);
      const states = statesOf(drift);
      const isAll = told.length === COLLEAGUES_CHANGES.flat().length && states === 'reported waiting waiting';
      return isAll
        ? { seen: true }
        : { missing: `only ${told.length} changes are found, and these are left: ${states}` };
    });
    const operation = await this.#until(await this.#approve('as it was'), isOver);
    this.#worked = await this.#extentSoFar();
    await this.#untilSeen(async () => {
      const { drift } = await driftSeen(this.#environment, armedIso);
      const isCompared = (drift?.lastScan?.at ?? '') > (operation.endedAt ?? '');
      return isCompared && statesOf(drift) === 'reported'
        ? { seen: true }
        : { missing: `these are left: ${statesOf(drift)}, last compared ${drift?.lastScan?.at}` };
    });
    return operation;
  }

  /** Colleagues change things until all is put right while an operation waits; that is approved then. */
  async #remediedBefore(waiting: string) {
    const armedIso = new Date(await this.#nowMs()).toISOString();
    const changes = COLLEAGUES_CHANGES.flat().filter(({ fate }) => fate === 'putRight');
    for (const change of changes) {
      await this.#untilSeen(async () =>
        (await makeChange(this.#environment, change)) ? { seen: true } : { missing: `${change.resource} is busy.` },
      );
      await this.#meanwhile(moveOn(this.#environment, 10));
    }
    await this.#untilSeen(async () => {
      const { drift, told } = await driftSeen(this.#environment, armedIso);
      return told.length === changes.length && statesOf(drift) === ''
        ? { seen: true }
        : { missing: `only ${told.length} changes are found, and these are left: ${statesOf(drift)}` };
    });
    const approved = await this.#approve('no longer needed');
    if (approved !== waiting) throw new Error(`${approved} was approved, and ${waiting} should have waited.`);
    return this.#until(waiting, isOver);
  }

  /** From here on it is disturbed. */
  async #arm(): Promise<void> {
    this.#before = await hostState(this.#environment);
    this.#pid = this.#environment.ready.pid;
    this.#steps = 0;
    const faults = faultsOf(this.#disturbance, this.#extent);
    if (faults !== undefined) await setFaults(this.#environment, faults);
  }

  #wasDisturbed(epoch: number): boolean {
    switch (this.#disturbance.name) {
      case 'none':
        return false;
      case 'twice':
        return this.#environment.ready.pid === this.#pid;
      case 'memory':
        return epoch - this.#before.epoch > this.#extent.activities;
      case 'host':
        return this.#environment.ready.pid !== this.#pid;
      case 'azure':
      case 'storage':
        return this.#killed;
    }
  }

  #untilSeen<Value>(look: Parameters<typeof untilSeen<Value>>[1]): Promise<Value> {
    return untilSeen(this.#environment, look, (moving) => this.#meanwhile(moving));
  }

  #until(id: string, isWanted: Parameters<typeof untilOperation>[2]) {
    return untilOperation(this.#environment, id, isWanted, (moving) => this.#meanwhile(moving));
  }

  async #meanwhile(moving: Promise<void>): Promise<void> {
    this.#steps += 1;
    const { name } = this.#disturbance;
    if (this.#pid === 0 || this.#killed || this.#steps < this.#killAtStep || (name !== 'azure' && name !== 'storage'))
      return moving;
    this.#killed = true;
    if (name === 'storage') {
      await moving;
      await sleep(STORAGE_SAVED_MS);
    }
    kill(this.#environment, name);
    await moving;
    // With what was killed away, or just back.
    await moveOn(this.#environment, 1);
  }

  /** Simulated time. */
  async #nowMs(): Promise<number> {
    const { body: clock } = await patiently('the time is told', () =>
      this.#environment.sim<{ simulatedMs: number }>('GET', 'clock'),
    );
    return clock.simulatedMs;
  }

  async #hold(): Promise<void> {
    const nowMs = await this.#nowMs();
    const { status, body } = await patiently('the hold is set', () =>
      this.#environment.api('PUT', `/api/baselines/${BASELINE}/hold`, {
        owner: 'incident',
        reason: 'outage in the hub',
        until: new Date(nowMs + 2 * 3_600_000).toISOString(),
      }),
    );
    if (status !== 200) throw new Error(`The hold was not set: ${status} ${JSON.stringify(body)}`);
  }

  /** Approves the one plan that waits for it. Its operation's id. */
  async #approve(comment: string): Promise<string> {
    const { body: listed } = await patiently('the approvals are listed', () =>
      this.#environment.api<{ approvals: readonly { readonly planHash: string; readonly operationId: string }[] }>(
        'GET',
        '/api/approvals',
      ),
    );
    const [asked] = listed.approvals;
    if (listed.approvals.length !== 1 || asked === undefined)
      throw new Error(`One approval should wait: ${JSON.stringify(listed)}`);
    const { status, body } = await patiently('the plan is approved', () =>
      this.#environment.api(
        'POST',
        `/api/approvals/${asked.planHash}`,
        { decision: 'approve', comment },
        { 'x-hubkeeper-user': 'approver' },
      ),
    );
    // 409 and 410: approved by the call whose answer was lost.
    if (status !== 200 && status !== 409 && status !== 404)
      throw new Error(`The plan was not approved: ${status} ${JSON.stringify(body)}`);
    return asked.operationId;
  }
}

/** On the default schedule; never less than a while. */
function secondsUntilScan(nowMs: number): number {
  const seconds = HOUR_SECONDS - (Math.ceil(nowMs / 1_000) % HOUR_SECONDS);
  return seconds > SCAN_AFTER_SECONDS ? seconds : seconds + HOUR_SECONDS;
}

function faultsOf(disturbance: Disturbance, { activities }: Extent): FaultSwitches | undefined {
  switch (disturbance.name) {
    case 'memory':
      return { crashAroundEveryActivity: true };
    case 'twice':
      return { runActivitiesTwice: true };
    case 'host':
      return { kill: { seed: disturbance.seed, within: activities } };
    default:
      return undefined;
  }
}
