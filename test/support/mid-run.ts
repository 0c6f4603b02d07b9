import { isJsonObject } from '../../lib/json.ts';
import type { FakeAzure } from './fake-azure.ts';
import { memoryDependencies } from './memory-dependencies.ts';
import { Reconciling, smallSpec } from './reconciling.ts';

/** A baseline with two networks whose drift is put right unattended. */
export interface MidRun {
  readonly arm: FakeAzure;
  readonly reconciling: Reconciling;
  readonly networks: readonly [string, string];
  nowIso(): string;
  /** Both networks drift; `event` happens after the plan was made, when the first of them (`begun`) is read to be written. */
  driftWith(event: (begun: string) => Promise<void>): Promise<string>;
  pause(): Promise<void>;
  /** Targets of the PUTs since the drift. */
  written(): readonly string[];
  /** Targets of the GETs since the drift. */
  read(): readonly string[];
  /** What the journal says that an operation decided about a resource, newest first. */
  decisionsAbout(operationId: string, id: string): Promise<readonly string[]>;
  /** What the changes of an operation wait for. */
  waitingFor(operationId: string): Promise<readonly string[]>;
}

const NAME = 'base';

/** `startsPerTurn`: how many writes one turn begins at most. */
export async function midRun(startsPerTurn?: number): Promise<MidRun> {
  const dependencies = memoryDependencies(
    startsPerTurn === undefined ? {} : { HUBKEEPER_MAXIMUM_STARTS_PER_TURN: String(startsPerTurn) },
  );
  const { arm } = dependencies;
  const reconciling = new Reconciling(dependencies, NAME);
  await reconciling.put(smallSpec(NAME, ['a', 'b'], { drift: { mode: 'act' } }), 'first');
  await reconciling.settle();
  const networkOf = (spoke: string) =>
    arm.requests.find(
      ({ method, target }) =>
        method === 'PUT' && target.includes(`/rg-${NAME}-${spoke}/`) && /virtualNetworks\/[^/]+$/.test(target),
    )?.target ?? '';
  const networks = [networkOf('a'), networkOf('b')] as const;
  let before = 0;
  const targetsOf = (wanted: string) =>
    arm.requests
      .slice(before)
      .filter(({ method }) => method === wanted)
      .map(({ target }) => target);
  return {
    arm,
    reconciling,
    networks,
    nowIso: () => reconciling.nowIso,
    async driftWith(event) {
      for (const id of networks) {
        const body = arm.body(id);
        const properties = isJsonObject(body?.properties) ? body.properties : {};
        arm.put(id, { ...body, properties: { ...properties, addressSpace: {} } });
      }
      before = arm.requests.length;
      const send = arm.send.bind(arm);
      let isDue = true;
      arm.send = async (request) => {
        if (isDue && request.method === 'GET' && networks.some((id) => id === request.target)) {
          isDue = false;
          await event(request.target);
        }
        return send(request);
      };
      const operationId = await reconciling.record('drift', 'hubkeeper');
      await reconciling.settle();
      return operationId;
    },
    async pause() {
      await dependencies.baselines.changePause(true, 'ops', 'incident', reconciling.nowIso);
    },
    read: () => targetsOf('GET'),
    written: () => targetsOf('PUT'),
    async decisionsAbout(operation, resource) {
      const { entries } = await dependencies.journal.read({ baseline: NAME, operation, resource });
      return entries.map(({ decision }) => decision);
    },
    async waitingFor(operationId) {
      const { rows } = await reconciling.run(operationId);
      return Object.values(rows).flatMap(({ waiting }) => (waiting === undefined ? [] : [waiting.for]));
    },
  };
}
