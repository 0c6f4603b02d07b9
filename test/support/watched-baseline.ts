import type { DriftRecord } from '../../lib/drift/drift-record.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { ReconcileRequest } from '../../lib/state/baseline-head.ts';
import type { ChangeHint } from '../../lib/state/drift-watch.ts';
import type { JournalEntry } from '../../lib/state/journal.ts';
import { memoryDependencies } from './memory-dependencies.ts';
import { Reconciling, smallSpec } from './reconciling.ts';

const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-north';

/** A small baseline in memory that others change and Hubkeeper looks after. */
export class WatchedBaseline {
  static readonly workspace = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-westeurope-hub`;
  static readonly securityGroup =
    `${GROUP}-a/providers/Microsoft.Network/networkSecurityGroups/nsg-vnet-spoke-a-snet-a`;

  readonly name = 'north';
  readonly dependencies: ReturnType<typeof memoryDependencies>;
  readonly reconciling: Reconciling;

  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.dependencies = memoryDependencies(settings);
    this.reconciling = new Reconciling(this.dependencies, this.name);
  }

  /** Puts a spec with these tags and provisions it. */
  async provision(more: JsonObject = {}): Promise<void> {
    const spec = smallSpec(this.name, ['a'], { tags: { owner: 'net' }, drift: { mode: 'act' }, ...more });
    await this.reconciling.put(spec, 'ann');
    await this.reconciling.settle();
  }

  /** Somebody's edit of properties under `properties`. */
  edit(id: string, changes: Readonly<Record<string, Json>>): void {
    const { arm } = this.dependencies;
    const { id: _, ...body } = arm.body(id) ?? {};
    arm.put(id, { ...body, properties: { ...(body.properties as JsonObject), ...changes } });
  }

  /** Somebody's edit of tags. */
  retag(id: string, changes: Readonly<Record<string, string>>): void {
    const { arm } = this.dependencies;
    const { id: _, ...body } = arm.body(id) ?? {};
    arm.put(id, { ...body, tags: { ...(body.tags as JsonObject), ...changes } });
  }

  /** One look for drift to its end or to its wait, of everything or of these resources. @returns its operation. */
  async scan(...changed: readonly string[]): Promise<string> {
    const request: Partial<ReconcileRequest> =
      changed.length === 0 ? {} : { hints: changed.map((id) => this.hint(id)) };
    const id = await this.reconciling.record('drift', 'hubkeeper', request);
    await this.reconciling.settle();
    return id;
  }

  /** What an event of now says about a resource. */
  hint(resource: string): ChangeHint {
    const author = { name: 'alice@contoso.com', objectId: null, appId: null };
    return { resource, action: 'write', at: this.reconciling.nowIso, author, correlationId: 'c-1' };
  }

  /** As the timer does for the run whose wait is over, if there is one. */
  async resume(): Promise<void> {
    const { currentOperationId } = await this.reconciling.head();
    if (currentOperationId === null) return;
    await this.reconciling.record('resume', 'hubkeeper', { operationId: currentOperationId });
    await this.reconciling.settle();
  }

  /** Somebody makes an edit again and again until Hubkeeper has left it to them. */
  async fight(id: string, edit: () => void): Promise<void> {
    const isOver = async () => (await this.record()).contests.some(({ stoppedAt }) => stoppedAt !== null);
    for (let rounds = 0; rounds < 5; rounds++) {
      this.reconciling.pass(60);
      edit();
      await this.scan(id);
      if (await isOver()) return;
      this.reconciling.pass(400);
      await this.resume();
    }
  }

  async record(): Promise<DriftRecord> {
    const stored = await this.dependencies.drift.read(this.name);
    if (stored === null) throw new Error('Nothing is known of drift.');
    return stored;
  }

  async linesOf(operation: string): Promise<readonly JournalEntry[]> {
    return (await this.dependencies.journal.read({ baseline: this.name, operation })).entries;
  }

  /** All journal lines of a decision, as the reasons they give. */
  async reasonsOf(decision: string): Promise<readonly string[]> {
    const { entries } = await this.dependencies.journal.read({ baseline: this.name });
    return entries.filter((line) => line.decision === decision).map(({ reason }) => reason);
  }
}
