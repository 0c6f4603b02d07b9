import type { ObserveStrategy } from '../baseline/kind.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Observed } from '../plan/plan.ts';
import { type Arm, ArmListError, type ArmResponse } from './arm.ts';
import { ArmRefusalError, readRefusal } from './arm-answer.ts';
import { parseResourceId } from './resource-id.ts';

/** What observation has to know of a kind. */
export interface ObservableKind {
  readonly name: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly observe: ObserveStrategy;
}

export interface ResourceReference {
  readonly id: string;
  readonly kind: string;
}

/** Calls at the same time: enough to hide latency, few enough to leave ARM's read bucket (250, 25/s) to others. */
const PARALLEL_READS = 8;

/**
 * Reads what is there of the named resources with as few calls as ARM allows: one paged list for each type and
 * subscription, one for each parent where ARM lists only per parent, one GET each where it does not list at all and
 * what it is attached to exists.
 * @throws ProblemError when a list is refused; ArmUnreachableError when ARM does not answer.
 */
export async function observe(
  arm: Arm,
  references: readonly ResourceReference[],
  kindOf: (name: string) => ObservableKind,
): Promise<Observed> {
  const observed = new Map<string, JsonObject | null>();
  const lists = new Map<string, { readonly path: string; readonly apiVersion: string }>();
  const singles = new Map<string, { readonly id: string; readonly apiVersion: string }>();
  const inline: { readonly id: string; readonly path: string }[] = [];

  function plan(reference: ResourceReference): void {
    const { observe: strategy, type, apiVersion } = kindOf(reference.kind);
    const parsed = parseResourceId(reference.id);
    observed.set(normaliseId(reference.id), null);
    switch (strategy.by) {
      case 'subscription': {
        const path =
          type === 'Microsoft.Resources/resourceGroups'
            ? `${parsed.parentId}/resourcegroups`
            : `/subscriptions/${parsed.subscriptionId}/providers/${type}`;
        lists.set(normaliseId(path), { path, apiVersion });
        return;
      }
      case 'parent': {
        const path = reference.id.slice(0, reference.id.lastIndexOf('/'));
        lists.set(normaliseId(path), { path, apiVersion });
        return;
      }
      case 'inline':
        inline.push({ id: reference.id, path: strategy.path });
        if (!observed.has(normaliseId(parsed.parentId))) plan({ id: parsed.parentId, kind: strategy.parentKind });
        return;
      case 'get':
        singles.set(normaliseId(reference.id), { id: reference.id, apiVersion });
    }
  }

  for (const reference of references) plan(reference);

  await inParallel([...lists.values()], async ({ path, apiVersion }) => {
    for (const item of await listOrNothing(arm, path, apiVersion)) {
      const id = typeof item.id === 'string' ? normaliseId(item.id.replace(/^\/+/, '/')) : '';
      if (observed.has(id)) observed.set(id, item);
    }
  });
  // What is attached to a resource that is not there is not there either: a first plan asks for none of it.
  const worthReading = [...singles.values()].filter(
    ({ id }) => observed.get(normaliseId(parseResourceId(id).parentId)) !== null,
  );
  await inParallel(worthReading, async ({ id, apiVersion }) => {
    observed.set(normaliseId(id), await readResourceBody(arm, id, apiVersion));
  });
  for (const { id, path } of inline) {
    const parent = observed.get(normaliseId(parseResourceId(id).parentId));
    observed.set(normaliseId(id), parent ? memberOf(parent, path, id) : null);
  }
  return observed;
}

/** The body of a resource, or `null` when it is not there. @throws ProblemError for any other refusal. */
export async function readResourceBody(arm: Arm, id: string, apiVersion: string): Promise<JsonObject | null> {
  const response = await arm.send({ method: 'GET', target: id, apiVersion });
  if (response.status === 404) return null;
  if (response.status !== 200 || !isJsonObject(response.body)) throw new ArmRefusalError(readRefusal(response, id));
  return response.body;
}

/** A list below something that is not there yet is empty. */
async function listOrNothing(arm: Arm, path: string, apiVersion: string): Promise<readonly JsonObject[]> {
  try {
    return await arm.list(path, apiVersion);
  } catch (error) {
    if (!(error instanceof ArmListError)) throw error;
    if (isMissingParent(error.response)) return [];
    throw new ArmRefusalError(readRefusal(error.response, path));
  }
}

function isMissingParent({ status, body }: ArmResponse): boolean {
  const code = isJsonObject(body) && isJsonObject(body.error) ? String(body.error.code) : '';
  return status === 404 && code !== 'SubscriptionNotFound' && code !== 'InvalidResourceType';
}

function memberOf(parent: JsonObject, path: string, id: string): JsonObject | null {
  let value: unknown = parent;
  for (const name of path.split('.')) value = isJsonObject(value) ? value[name] : undefined;
  if (!Array.isArray(value)) return null;
  const name = id.slice(id.lastIndexOf('/') + 1).toLowerCase();
  return value.filter(isJsonObject).find((member) => String(member.name).toLowerCase() === name) ?? null;
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL_READS, queue.length) }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}
