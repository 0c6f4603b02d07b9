import type { Arm, ArmRequest, ArmResponse } from '../../lib/azure/arm.ts';
import { isJsonObject, type JsonObject } from '../../lib/json.ts';

/** Resources in memory behind the `Arm` contract: writes are over at once unless a test says otherwise. */
export class FakeAzure implements Arm {
  readonly #resources = new Map<string, JsonObject>();
  readonly #answers: { readonly method: string; readonly target: string; readonly response: ArmResponse }[] = [];
  readonly #before: { readonly method: string; readonly act: () => Promise<void> }[] = [];
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

  /** The next request of this kind gets this answer. */
  answerOnce(method: string, target: string, status: number, body?: JsonObject): void {
    this.#answers.push({ method, target: target.toLowerCase(), response: { status, headers: {}, body } });
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
    const event = this.#before.findIndex(({ method }) => method === request.method);
    if (event >= 0) for (const { act } of this.#before.splice(event, 1)) await act();
    const key = request.target.toLowerCase();
    const at = this.#answers.findIndex(({ method, target }) => method === request.method && target === key);
    if (at >= 0) for (const { response } of this.#answers.splice(at, 1)) return response;
    const found = this.#resources.get(key);
    switch (request.method) {
      case 'PUT': {
        const body = request.body ?? {};
        const properties = isJsonObject(body.properties) ? body.properties : {};
        this.put(request.target, { ...body, properties: { ...properties, provisioningState: 'Succeeded' } });
        return { status: found === undefined ? 201 : 200, headers: {}, body: this.body(request.target) };
      }
      case 'DELETE':
        this.remove(request.target);
        return { status: found === undefined ? 204 : 200, headers: {}, body: undefined };
      default:
        return found === undefined
          ? { status: 404, headers: {}, body: { error: { code: 'ResourceNotFound', message: 'It is not there.' } } }
          : { status: 200, headers: {}, body: found };
    }
  }

  async list(path: string): Promise<readonly JsonObject[]> {
    const prefix = `${path.toLowerCase()}/`;
    return [...this.#resources].flatMap(([id, body]) => (id.startsWith(prefix) ? [body] : []));
  }
}
