import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../lib/json.ts';
import { decideApproval } from '../../../lib/reconcile/decide-approval.ts';
import {
  type Adjustment,
  type Approval,
  type BaselineHead,
  NEVER_ENDS,
  type ReconcileRequest,
  type Trigger,
  withGeneration,
} from '../../../lib/state/baseline-head.ts';
import { StorageError } from '../../../lib/state/storage.ts';
import { createFailingStorage, type FailurePoint } from '../../support/failing-storage.ts';
import { memoryDependencies } from '../../support/memory-dependencies.ts';
import { createMemoryStorage } from '../../support/memory-storage.ts';
import { Reconciling, smallSpec } from '../../support/reconciling.ts';

/** More turns than any of these lives takes: one that needs more hangs. */
const MOST_TURNS = 300;
const NAME = 'north';
const SUBSCRIPTION = '/subscriptions/00000000-0000-4000-8000-000000000001';
const WORKSPACE = `${SUBSCRIPTION}/resourceGroups/rg-north/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
const groupOf = (spoke: string) =>
  `${SUBSCRIPTION}/resourceGroups/rg-north-${spoke}/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-${spoke}-snet-a`;
const SPEC: JsonObject = {
  tags: { owner: 'net' },
  drift: { mode: 'act', policies: [{ kind: 'networkSecurityGroup', policy: 'approve' }] },
};

/** What is to be seen when everything is over. */
interface Outcome {
  /** Of each operation: its state, and the operation that does its work or took over. */
  readonly operations: Readonly<Record<string, string>>;
  /** How often each decision was told, by operation and resource. */
  readonly journal: Readonly<Record<string, number>>;
  readonly writes: readonly string[];
  readonly head: Partial<BaselineHead>;
}

/** How often it is planned, compared or tried depends on what does not answer. */
const TOLD_AS_OFTEN_AS_DONE = new Set(['planned', 'compared', 'retry']);

/** One baseline's life: each turn is played until it answers. */
class Life {
  readonly #dependencies: ReturnType<typeof memoryDependencies>;
  readonly #failing = createFailingStorage(createMemoryStorage());
  readonly #reconciling: Reconciling;
  readonly #dies: boolean;
  readonly #recorded: string[] = [];

  /** `dies`: the reconciler is replaced when its turn fails; else the turn is played again. */
  constructor(dies: boolean) {
    this.#dies = dies;
    this.#dependencies = memoryDependencies({}, this.#failing.storage);
    this.#reconciling = new Reconciling(this.#dependencies, NAME);
  }

  /** Lets one of the writes from now on fail. */
  breakOff(failure: { readonly write: number; readonly point: FailurePoint }): void {
    this.#failing.failAt(failure.write, failure.point);
  }

  get writes(): number {
    return this.#failing.writes;
  }

  async put(spokes: readonly string[]): Promise<void> {
    this.#recorded.push(await this.#reconciling.put(smallSpec(NAME, spokes, SPEC), 'ann'));
  }

  async record(trigger: Trigger, by: string, more: Partial<ReconcileRequest> = {}): Promise<void> {
    this.#recorded.push(await this.#reconciling.record(trigger, by, more));
  }

  /** A reaction records a rule that somebody has to approve. */
  async propose(spoke: string): Promise<void> {
    const proposed: Adjustment = {
      id: 'block',
      kind: 'networkSecurityRule',
      scope: `spoke:${spoke}`,
      target: groupOf(spoke),
      value: { name: 'Block', priority: 200, direction: 'Inbound', access: 'Deny', protocol: 'Tcp' },
      reason: 'r',
      since: this.#reconciling.nowIso,
      until: NEVER_ENDS,
      by: 'hubkeeper',
      mode: 'propose',
    };
    const more = { scope: proposed.scope };
    const alter = (head: BaselineHead) => withGeneration({ ...head, adjustments: [proposed] });
    this.#recorded.push(await this.#reconciling.record('adjustment', 'hubkeeper', more, alter));
  }

  /** Somebody deletes a resource. */
  remove(id: string): void {
    this.#dependencies.arm.remove(id);
  }

  /** Somebody changes the tags. */
  edit(id: string): void {
    const { arm } = this.#dependencies;
    arm.put(id, { ...arm.body(id), tags: { owner: 'me' } });
  }

  /** Somebody approves what waits, or what waits for one who asked. */
  async approve(asker?: string): Promise<void> {
    const head = await this.#reconciling.head();
    const isMeant = (one: Approval) => one.decision === undefined && (asker ?? one.requestedBy) === one.requestedBy;
    const decided = decideApproval(head, {
      planHash: head.approvals.find(isMeant)?.planHash ?? '',
      decision: 'approve',
      user: 'bob',
      selfApproval: false,
      nowIso: this.#reconciling.nowIso,
    });
    if ('code' in decided) throw new Error(`${decided.code}: ${decided.message}`);
    await this.#reconciling.change(() => decided.head);
  }

  async settle(untilStart = false): Promise<void> {
    for (let turns = 0; turns < MOST_TURNS; turns++) {
      try {
        const decision = await this.#failing.during(() => this.#reconciling.turn());
        if (decision.next === 'start') this.#reconciling.pass(1);
        if (decision.next === 'end' || (untilStart && decision.next === 'start')) return;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        if (this.#dies) await this.#reconciling.die();
      }
    }
    throw new Error('It does not come to its end.');
  }

  async outcome(): Promise<Outcome> {
    const operations: Record<string, string> = {};
    for (const id of this.#recorded) {
      const stored = await this.#dependencies.runs.read(id);
      const { state = 'without a document', joinedTo = '', supersededBy = '' } = stored?.run ?? {};
      // The document of what joined another one stays as that one was then.
      operations[id] = `${joinedTo === '' ? state : 'joined'} ${joinedTo}${supersededBy}`;
    }
    const journal: Record<string, number> = {};
    const { entries } = await this.#dependencies.journal.read({ baseline: NAME, limit: 1_000 });
    for (const { operationId, resource, decision } of entries) {
      if (TOLD_AS_OFTEN_AS_DONE.has(decision)) continue;
      const key = `${operationId} ${decision} ${resource}`;
      journal[key] = (journal[key] ?? 0) + 1;
    }
    const {
      currentOperationId,
      setAside,
      requests,
      stops,
      reconciler,
      ended = [],
      outbox,
    } = await this.#reconciling.head();
    return {
      operations,
      journal,
      // What has to be tried again is written later.
      writes: this.#dependencies.arm.writes.toSorted(),
      head: { currentOperationId, requests, stops, reconciler, ended, outbox, ...(setAside && { setAside }) },
    };
  }
}

interface Story {
  /** Nothing of it fails. */
  before(life: Life): Promise<void>;
  play(life: Life): Promise<void>;
}

async function provisioned(life: Life): Promise<void> {
  await life.put(['a', 'b']);
  await life.settle();
}

async function waitingScan(life: Life): Promise<void> {
  await provisioned(life);
  for (const spoke of ['a', 'b']) life.edit(groupOf(spoke));
  await life.record('drift', 'hubkeeper');
  await life.settle();
}

async function waitingPut(life: Life): Promise<void> {
  await provisioned(life);
  await life.put(['a']);
  await life.settle();
}

const STORIES: Readonly<Record<string, Story>> = {
  'a request that joins what is under way': {
    before: async (life) => {
      await provisioned(life);
      await life.put(['a', 'b', 'c']);
      await life.settle(true);
    },
    play: async (life) => {
      await life.record('reconcile', 'carl');
      await life.settle();
    },
  },
  'a request that joins what waits': {
    before: waitingPut,
    play: async (life) => {
      await life.record('reconcile', 'erin');
      await life.settle();
      await life.approve();
      await life.settle();
    },
  },
  'a request for a part that goes before a scan': {
    before: waitingScan,
    play: async (life) => {
      await life.record('reconcile', 'dora', { scope: 'spoke:a' });
      await life.settle();
      await life.approve();
      await life.settle();
    },
  },
  'an event, and its copy, that step in before a spec': {
    before: waitingPut,
    play: async (life) => {
      life.edit(WORKSPACE);
      const at = '2026-06-01T07:00:00.000Z';
      const hints = [{ resource: WORKSPACE, action: 'write', at, author: null, correlationId: null }] as const;
      for (let copies = 0; copies < 2; copies++) await life.record('drift', 'hubkeeper', { hints });
      await life.settle();
    },
  },
  'what a person adjusts that steps in before a spec': {
    before: waitingPut,
    play: async (life) => {
      await life.record('adjustment', 'alice', { scope: 'hub' });
      await life.settle();
    },
  },
  'what a reaction proposes while a person’s request waits': {
    before: async (life) => {
      await provisioned(life);
      life.remove(groupOf('a'));
      await life.record('reconcile', 'dora', { scope: 'spoke:a' });
      await life.settle();
    },
    play: async (life) => {
      await life.propose('b');
      await life.settle();
      await life.approve('hubkeeper');
      await life.settle();
    },
  },
  'a spec that takes over from what is under way': {
    before: async (life) => {
      await life.put(['a', 'b']);
      await life.settle(true);
    },
    play: async (life) => {
      await life.put(['a', 'b', 'c']);
      await life.settle();
    },
  },
  'a spec that takes over from one that waits': {
    before: waitingPut,
    play: async (life) => {
      await life.put(['a', 'b', 'c']);
      await life.settle();
    },
  },
};

async function lifeOf(story: Story, dies: boolean, failure?: Parameters<Life['breakOff']>[0]): Promise<Life> {
  const life = new Life(dies);
  await story.before(life);
  life.breakOff(failure ?? { write: 0, point: 'before' });
  await story.play(life);
  return life;
}

describe.each(Object.entries(STORIES))('%s', (_name, story) => {
  it.each([
    { dies: false, who: 'the same reconciler plays it again' },
    { dies: true, who: 'another reconciler takes over' },
  ])('comes to the same wherever a turn breaks off, when $who', async ({ dies }) => {
    const undisturbed = await lifeOf(story, dies);
    const expected = await undisturbed.outcome();
    expect(undisturbed.writes).toBeGreaterThan(5);
    expect(Object.values(expected.operations)).not.toContain('without a document ');
    for (let write = 1; write <= undisturbed.writes; write++) {
      // Right before the first one, and right after each.
      for (const point of write === 1 ? (['before', 'after'] as const) : (['after'] as const)) {
        const life = await lifeOf(story, dies, { write, point });
        expect({ write, point, ...(await life.outcome()) }).toEqual({ write, point, ...expected });
      }
    }
  });
});
