import type { ObserveStrategy } from '../baseline/kind.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Observed } from '../plan/plan.ts';
import type { Arm, ArmResponse } from './arm.ts';
import { ArmRefusalError, readRefusal } from './arm-answer.ts';
import { ArmListError } from './arm-errors.ts';
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

/** ARM says with each answer how many reads are left; so many stay for polls, locks and others. */
const READS_LEFT_FOR_OTHERS = 50;
const READS_LEFT_HEADER = 'x-ms-ratelimit-remaining-subscription-reads';
/** ARM's bucket of 250 reads, refilled with 25 a second, is full again after that. */
const PAUSE_SECONDS = 10;

/** There is more to read than ARM admits at once: what was read goes into the next try, after a pause. */
export class ObservationPausedError extends ArmRefusalError {
  /** By normalised id: what was read one by one. */
  readonly read: ReadonlyMap<string, JsonObject | null>;

  constructor(read: ReadonlyMap<string, JsonObject | null>, left: number) {
    super({
      disposition: 'wait',
      retryAfterSeconds: PAUSE_SECONDS,
      problem: {
        code: 'ObservationPaused',
        actor: 'azure-temporary',
        message: `There are ${left} more resources to read than Azure Resource Manager admits at once.`,
        remedy: `Hubkeeper goes on by itself; a call that failed with this goes on where it was when it is repeated in ${PAUSE_SECONDS} seconds.`,
      },
    });
    this.name = 'ObservationPausedError';
    this.read = read;
  }
}

/** Calls at the same time: enough to hide latency, few enough to leave ARM's read bucket (250, 25/s) to others. */
const PARALLEL_READS = 8;

/** A list may have several pages, most of them with resources of others: for fewer resources than this each is asked for. */
const FEWEST_FOR_A_LIST = 4;

export interface ObserveOptions {
  /** What an observation that paused has read one by one. */
  readonly already?: ReadonlyMap<string, JsonObject | null>;
  /** What is known and not read again: it is part of the answer. */
  readonly known?: Observed;
  /** Only a few resources of what there is are meant: each is asked for by its id where that is fewer calls than lists. */
  readonly isFew?: boolean;
}

interface Listed {
  readonly path: string;
  readonly apiVersion: string;
  /** Id of the resource whose children it lists. */
  readonly parentId?: string;
  readonly ids: Set<string>;
}

/**
 * Reads what is there of the named resources with as few calls as ARM allows: one paged list for each type and
 * subscription, one for each parent where ARM lists only per parent, one GET each where it does not list at all and
 * what it is attached to exists. A resource whose children were listed shows all of them under `properties`, by the name
 * of their type, as others do by themselves.
 * @throws ObservationPausedError when so many reads are left that ARM would refuse some; ProblemError when a list is
 * refused; ArmUnreachableError when ARM does not answer.
 */
export async function observe(
  arm: Arm,
  references: readonly ResourceReference[],
  kindOf: (name: string) => ObservableKind,
  { already = new Map(), known = new Map(), isFew = false }: ObserveOptions = {},
): Promise<Observed> {
  const observed = new Map<string, JsonObject | null>(known);
  const lists = new Map<string, Listed>();
  const singles = new Map<string, { readonly id: string; readonly apiVersion: string }>();
  const inline: { readonly id: string; readonly path: string }[] = [];

  function list(path: string, apiVersion: string, id: string, parentId?: string): void {
    const listed = lists.get(normaliseId(path)) ?? { path, apiVersion, parentId, ids: new Set() };
    lists.set(normaliseId(path), listed);
    listed.ids.add(id);
  }

  function plan(reference: ResourceReference): void {
    const { observe: strategy, type, apiVersion } = kindOf(reference.kind);
    const parsed = parseResourceId(reference.id);
    if (known.has(normaliseId(reference.id))) return;
    observed.set(normaliseId(reference.id), null);
    switch (strategy.by) {
      case 'subscription': {
        const path =
          type === 'Microsoft.Resources/resourceGroups'
            ? `${parsed.parentId}/resourcegroups`
            : `/subscriptions/${parsed.subscriptionId}/providers/${type}`;
        list(path, apiVersion, reference.id);
        return;
      }
      case 'parent': {
        list(reference.id.slice(0, reference.id.lastIndexOf('/')), apiVersion, reference.id, parsed.parentId);
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
  for (const [key, { ids, apiVersion }] of lists) {
    if (!isFew || ids.size >= FEWEST_FOR_A_LIST) continue;
    lists.delete(key);
    for (const id of ids) singles.set(normaliseId(id), { id, apiVersion });
  }

  const children: { readonly parentId: string; readonly name: string; readonly items: readonly JsonObject[] }[] = [];
  await inParallel([...lists.values()], async ({ path, apiVersion, parentId }) => {
    const items = await listOrNothing(arm, path, apiVersion);
    if (parentId !== undefined) children.push({ parentId, name: path.slice(path.lastIndexOf('/') + 1), items });
    for (const item of items) {
      const id = typeof item.id === 'string' ? normaliseId(item.id.replace(/^\/+/, '/')) : '';
      if (observed.has(id)) observed.set(id, item);
    }
  });
  // What is attached to a resource that is not there is not there either: a first plan asks for none of it.
  const worthReading = [...singles.values()].filter(({ id }) => {
    const parent = normaliseId(parseResourceId(id).parentId);
    return singles.has(parent) || observed.get(parent) !== null;
  });
  for (const [id, body] of await readOneByOne(arm, worthReading, already)) observed.set(id, body);
  for (const { id, path } of inline) {
    const parent = observed.get(normaliseId(parseResourceId(id).parentId));
    observed.set(normaliseId(id), parent ? memberOf(parent, path, id) : null);
  }
  for (const { parentId, name, items } of children) {
    const parent = observed.get(normaliseId(parentId));
    if (parent) observed.set(normaliseId(parentId), withChildren(parent, name, items));
  }
  return observed;
}

/** The body with its children, unless Azure shows them in it. */
function withChildren(parent: JsonObject, name: string, items: readonly JsonObject[]): JsonObject {
  const properties = isJsonObject(parent.properties) ? parent.properties : {};
  return name in properties ? parent : { ...parent, properties: { ...properties, [name]: items } };
}

/** The body of a resource, or `null` when it is not there. @throws ProblemError for any other refusal. */
export async function readResourceBody(arm: Arm, id: string, apiVersion: string): Promise<JsonObject | null> {
  return bodyOf(await arm.send({ method: 'GET', target: id, apiVersion }), id);
}

/**
 * The bodies of resources by normalised id, `null` for one that is not there: one GET each.
 * @throws as `observe`, without lists.
 */
export async function readEach(
  arm: Arm,
  wanted: readonly { readonly id: string; readonly apiVersion: string }[],
): Promise<ReadonlyMap<string, JsonObject | null>> {
  return readOneByOne(arm, wanted, new Map());
}

function bodyOf(response: ArmResponse, id: string): JsonObject | null {
  if (response.status === 404) return null;
  if (response.status !== 200 || !isJsonObject(response.body)) throw new ArmRefusalError(readRefusal(response, id));
  return response.body;
}

/** Stops in time: a 429 would come on top of the wait, and whoever else uses the app's identity would meet it too. */
async function readOneByOne(
  arm: Arm,
  wanted: readonly { readonly id: string; readonly apiVersion: string }[],
  already: ReadonlyMap<string, JsonObject | null>,
): Promise<ReadonlyMap<string, JsonObject | null>> {
  const read = new Map<string, JsonObject | null>();
  const missing: (typeof wanted)[number][] = [];
  for (const resource of wanted) {
    const known = already.get(normaliseId(resource.id));
    if (known === undefined) missing.push(resource);
    else read.set(normaliseId(resource.id), known);
  }
  let left = missing.length;
  let isShort = false;
  let refused: ArmResponse | undefined;
  await inParallel(missing, async ({ id, apiVersion }) => {
    if (isShort) return;
    const response = await arm.send({ method: 'GET', target: id, apiVersion });
    if (response.status === 429) {
      isShort = true;
      refused = response;
      return;
    }
    read.set(normaliseId(id), bodyOf(response, id));
    left -= 1;
    isShort = Number(response.headers[READS_LEFT_HEADER] ?? Number.POSITIVE_INFINITY) < READS_LEFT_FOR_OTHERS;
  });
  // Without any progress somebody else uses everything up: that may last.
  if (refused !== undefined && left === missing.length)
    throw new ArmRefusalError(readRefusal(refused, missing[0]?.id ?? ''));
  if (left > 0) throw new ObservationPausedError(read, left);
  return read;
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
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL_READS, queue.length) }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        try {
          await work(item);
        } catch (error) {
          failures.push(error);
          // Nobody waits for the rest any more.
          queue.length = 0;
        }
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
