import { isJsonObject, type JsonObject } from '../json.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Observed } from '../plan/plan.ts';
import type { Arm, ArmResponse } from './arm.ts';
import { ArmRefusalError, readRefusal } from './arm-answer.ts';
import { listBelow, listWhole } from './lists.ts';
import { type Listed, type ObservableKind, type ResourceReference, readsOf } from './read-plan.ts';
import { bodyOf, type SingleRead } from './read-resource.ts';
import { parseResourceId } from './resource-id.ts';

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

export interface ObserveOptions {
  /** What an observation that paused has read one by one. */
  readonly already?: ReadonlyMap<string, JsonObject | null>;
  /** What is known and not read again: it is part of the answer. */
  readonly known?: Observed;
  /** Normalised ids of resources that were there when they were last heard of: no list alone says that they are gone. */
  readonly wasThere?: ReadonlySet<string>;
  /** Only a few resources of what there is are meant: each is asked for by its id where that is fewer calls than lists. */
  readonly isFew?: boolean;
}

/**
 * Reads what is there of the named resources with as few calls as ARM allows: one paged list for each type and
 * subscription, one for each parent where ARM lists only per parent, one GET each where it does not list at all and
 * what it is attached to exists. A resource that `wasThere` and that a list lacks is asked for by its id. A resource whose
 * children were listed shows all of them under `properties`, by the name of their type, as others do by themselves.
 * @throws ObservationPausedError when so many reads are left that ARM would refuse some; ArmRefusalError when a read is
 * refused, be it that a list is not found; ArmUnreachableError when ARM does not answer.
 */
export async function observe(
  arm: Arm,
  references: readonly ResourceReference[],
  kindOf: (name: string) => ObservableKind,
  { already = new Map(), known = new Map(), wasThere = new Set(), isFew = false }: ObserveOptions = {},
): Promise<Observed> {
  const { ids, lists, singles, later } = readsOf(references, kindOf, known, isFew);
  const observed = new Map<string, JsonObject | null>(known);
  for (const id of ids) observed.set(id, null);
  const byId = new ReadsById(arm, already);

  function takeList(items: readonly JsonObject[]): void {
    for (const item of items) {
      const id = typeof item.id === 'string' ? normaliseId(item.id.replace(/^\/+/, '/')) : '';
      if (ids.has(id)) observed.set(id, item);
    }
  }
  async function takeEach(wanted: readonly SingleRead[]): Promise<void> {
    for (const [id, body] of await byId.read(wanted)) observed.set(id, body);
  }
  /** Lists may be behind: what we know of is not gone because one of them lacks it. */
  function lackingIn(listed: readonly Pick<Listed, 'members'>[]): readonly SingleRead[] {
    return listed
      .flatMap(({ members }) => [...members])
      .flatMap(([id, one]) => (wasThere.has(id) && observed.get(id) === null ? [one] : []));
  }

  await inParallel(lists, async ({ path, apiVersion }) => takeList(await listWhole(arm, path, apiVersion)));
  await takeEach([...singles, ...lackingIn(lists)]);

  // What is attached to a resource that is not there is not there either: a first plan asks for none of it.
  const children: { readonly parent: string; readonly name: string; readonly items: readonly JsonObject[] }[] = [];
  const listable = later.lists.filter(({ parent }) => observed.get(normaliseId(parent.id)) !== null);
  await inParallel(listable, async ({ path, apiVersion, parent }) => {
    const key = normaliseId(parent.id);
    const items = await listBelow(arm, parent, path, apiVersion);
    if (items === null) {
      byId.note(key, null);
      if (observed.has(key)) observed.set(key, null);
      return;
    }
    takeList(items);
    children.push({ parent: key, name: path.slice(path.lastIndexOf('/') + 1), items });
  });
  for (const { id, path } of later.inline) {
    const parent = observed.get(normaliseId(parseResourceId(id).parentId));
    observed.set(normaliseId(id), parent ? memberOf(parent, path, id) : null);
  }
  const inlined = later.inline.map((one) => ({ members: new Map([[normaliseId(one.id), one]]) }));
  const laterIds = new Set(later.singles.map(({ id }) => normaliseId(id)));
  const mayBeThere = ({ id }: SingleRead): boolean => {
    const parent = normaliseId(parseResourceId(id).parentId);
    if (laterIds.has(parent) || observed.get(parent) !== null) return true;
    return wasThere.has(normaliseId(id)) && !byId.isGone(parent);
  };
  await takeEach([...later.singles, ...lackingIn([...later.lists, ...inlined])].filter(mayBeThere));
  for (const { parent, name, items } of children) {
    const body = observed.get(parent);
    if (body) observed.set(parent, withChildren(body, name, items));
  }
  return observed;
}

/** The body with its children, unless Azure shows them in it. */
function withChildren(parent: JsonObject, name: string, items: readonly JsonObject[]): JsonObject {
  const properties = isJsonObject(parent.properties) ? parent.properties : {};
  return name in properties ? parent : { ...parent, properties: { ...properties, [name]: items } };
}

/**
 * The bodies of resources by normalised id, `null` for one that is not there: one GET each.
 * @throws as `observe`, without lists.
 */
export async function readEach(
  arm: Arm,
  wanted: readonly SingleRead[],
): Promise<ReadonlyMap<string, JsonObject | null>> {
  return new ReadsById(arm, new Map()).read(wanted);
}

/** The reads of one observation that go by the id. */
class ReadsById {
  readonly #arm: Arm;
  readonly #already: ReadonlyMap<string, JsonObject | null>;
  readonly #read = new Map<string, JsonObject | null>();
  #calls = 0;

  constructor(arm: Arm, already: ReadonlyMap<string, JsonObject | null>) {
    this.#arm = arm;
    this.#already = already;
  }

  note(id: string, body: JsonObject | null): void {
    this.#read.set(id, body);
  }

  /** Whether a resource, by normalised id, was asked for and is not there. */
  isGone(id: string): boolean {
    return this.#read.get(id) === null;
  }

  /**
   * Stops in time: a 429 would come on top of the wait, and whoever else uses the app's identity would meet it too.
   * @throws as `observe`, without lists.
   */
  async read(wanted: readonly SingleRead[]): Promise<ReadonlyMap<string, JsonObject | null>> {
    const found = new Map<string, JsonObject | null>();
    const missing: SingleRead[] = [];
    for (const resource of wanted) {
      const known = this.#already.get(normaliseId(resource.id));
      if (known === undefined) missing.push(resource);
      else found.set(normaliseId(resource.id), known);
    }
    for (const [id, body] of found) this.note(id, body);
    let left = missing.length;
    let isShort = false;
    let refused: ArmResponse | undefined;
    await inParallel(missing, async ({ id, apiVersion }) => {
      if (isShort) return;
      const response = await this.#arm.send({ method: 'GET', target: id, apiVersion });
      if (response.status === 429) {
        isShort = true;
        refused = response;
        return;
      }
      const body = bodyOf(response, id);
      found.set(normaliseId(id), body);
      this.note(normaliseId(id), body);
      this.#calls += 1;
      left -= 1;
      isShort = Number(response.headers[READS_LEFT_HEADER] ?? Number.POSITIVE_INFINITY) < READS_LEFT_FOR_OTHERS;
    });
    // Without any progress somebody else uses everything up: that may last.
    if (refused !== undefined && this.#calls === 0)
      throw new ArmRefusalError(readRefusal(refused, missing[0]?.id ?? ''));
    if (left > 0) throw new ObservationPausedError(this.#read, left);
    return found;
  }
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
