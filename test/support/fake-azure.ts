import { type Arm, ArmListError, type ArmRequest, type ArmResponse } from '../../lib/azure/arm.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/** Resources in memory behind the `Arm` contract: writes are over at once unless a test says otherwise. */
export class FakeAzure implements Arm {
  readonly #resources = new Map<string, JsonObject>();
  readonly #answers: { readonly method: string; readonly target: string; readonly response: ArmResponse }[] = [];
  readonly #before: { readonly method: string; readonly act: () => Promise<void> }[] = [];
  readonly #unlisted = new Set<string>();
  readonly #lagging = new Map<string, JsonObject>();
  readonly requests: ArmRequest[] = [];

  put(id: string, body: JsonObject): void {
    this.#resources.set(id.toLowerCase(), { id, ...body });
  }

  remove(id: string): void {
    this.#resources.delete(id.toLowerCase());
  }

  body(id: string): JsonObject | undefined {
    return this.#resources.get(id.toLowerCase());
  }

  /** Lists do not show it, although it is there. */
  hideFromLists(id: string): void {
    this.#unlisted.add(id.toLowerCase());
  }

  /** Lists go on showing it after it was deleted. */
  keepInLists(id: string, body: JsonObject): void {
    this.#lagging.set(id.toLowerCase(), { id, ...body });
  }

  /** The next request of this kind gets this answer; a list is refused with it. */
  answerOnce(
    method: string,
    target: string,
    status: number,
    body?: JsonObject,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    this.#answers.push({ method, target: target.toLowerCase(), response: { status, headers, body } });
  }

  /** Something happens in the world when the next request of this method comes in, before it is answered. */
  beforeNext(method: string, act: () => Promise<void>): void {
    this.#before.push({ method, act });
  }

  /** Requests that were no reads, as `PUT /id`. */
  get writes(): readonly string[] {
    return this.requests.filter(({ method }) => method !== 'GET').map(({ method, target }) => `${method} ${target}`);
  }

  async send(request: ArmRequest): Promise<ArmResponse> {
    this.requests.push(request);
    await this.#happen(request.method);
    const key = request.target.toLowerCase();
    const answer = this.#answerTo(request.method, key);
    if (answer !== undefined) return answer;
    const found = this.#resources.get(key);
    switch (request.method) {
      case 'PUT': {
        const body = request.body ?? {};
        const properties = isJsonObject(body.properties) ? body.properties : {};
        this.put(request.target, { ...body, properties: { ...properties, provisioningState: 'Succeeded' } });
        this.#showPeerings(request.target);
        return { status: found === undefined ? 201 : 200, headers: {}, body: this.body(request.target) };
      }
      case 'DELETE':
        this.remove(request.target);
        if (isGroup(key))
          for (const member of this.#resources.keys()) if (member.startsWith(`${key}/`)) this.remove(member);
        this.#showPeerings(request.target);
        return { status: found === undefined ? 204 : 200, headers: {}, body: undefined };
      default:
        if (found === undefined && isAccount(key)) {
          const body = { state: 'Enabled', registrationState: 'Registered', properties: { state: 'Registered' } };
          return { status: 200, headers: {}, body };
        }
        return found === undefined
          ? { status: 404, headers: {}, body: { error: { code: 'ResourceNotFound', message: 'It is not there.' } } }
          : { status: 200, headers: {}, body: found };
    }
  }

  /** A network's own body shows its peerings, as Azure's does. */
  #showPeerings(id: string): void {
    const network = /^(.*\/virtualNetworks\/[^/]+)(\/|$)/i.exec(id)?.[1];
    const body = network === undefined ? undefined : this.body(network);
    if (network === undefined || body === undefined || !isJsonObject(body.properties)) return;
    const prefix = `${network.toLowerCase()}/virtualnetworkpeerings/`;
    const peerings = [...this.#resources].flatMap(([key, one]) => {
      if (!key.startsWith(prefix)) return [];
      const properties = isJsonObject(one.properties) ? one.properties : {};
      const state = { peeringState: 'Connected', peeringSyncLevel: 'FullyInSync' };
      return [{ ...one, name: key.slice(prefix.length), properties: { ...properties, ...state } }];
    });
    this.put(network, { ...body, properties: { ...body.properties, virtualNetworkPeerings: peerings } });
  }

  #answerTo(wanted: string, key: string): ArmResponse | undefined {
    const at = this.#answers.findIndex(({ method, target }) => method === wanted && target === key);
    return at < 0 ? undefined : this.#answers.splice(at, 1)[0]?.response;
  }

  async #happen(method: string): Promise<void> {
    const event = this.#before.findIndex((one) => one.method === method);
    if (event >= 0) for (const { act } of this.#before.splice(event, 1)) await act();
  }

  async list(path: string): Promise<readonly JsonObject[]> {
    await this.#happen('GET');
    const key = path.toLowerCase();
    const refused = this.#answerTo('GET', key);
    if (refused !== undefined) throw new ArmListError(path, refused, 0);
    if (key.endsWith('/providers/microsoft.authorization/permissions')) return [{ actions: ['*'], notActions: [] }];
    return [
      ...[...this.#resources].flatMap(([id, body]) => (isListed(id, key) && !this.#unlisted.has(id) ? [body] : [])),
      ...[...this.#lagging].flatMap(([id, body]) => (isListed(id, key) && !this.#resources.has(id) ? [body] : [])),
    ];
  }
}

/** Whether a list at a path has a resource: of a group, of a type in a subscription, of groups, or of children. */
function isListed(id: string, path: string): boolean {
  const ofType = /^(\/subscriptions\/[^/]+)\/providers\/(.+)$/.exec(path);
  if (ofType !== null) return id.startsWith(`${ofType[1]}/`) && new RegExp(`/providers/${ofType[2]}/[^/]+$`).test(id);
  if (path.endsWith('/resourcegroups')) return id.startsWith(`${path}/`) && !id.slice(path.length + 1).includes('/');
  if (/^\/subscriptions\/[^/]+\/resources$/.test(path))
    return id.startsWith(path.replace(/resources$/, 'resourcegroups/')) && id.includes('/providers/');
  if (path.endsWith('/resources')) return id.startsWith(path.replace(/resources$/, 'providers/'));
  return id.startsWith(`${path}/`);
}

function isGroup(id: string): boolean {
  return /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+$/.test(id);
}

/** A subscription, a provider or a feature of it: usable, as a run finds them before its first write. */
function isAccount(path: string): boolean {
  return /^\/subscriptions\/[^/]+(\/providers\/[^/]+(\/.*\/?features\/[^/]+|\/providers\/[^/]+\/features\/[^/]+)?)?$/.test(
    path,
  );
}
