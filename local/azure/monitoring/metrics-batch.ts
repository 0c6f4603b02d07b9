import type { ArmAnswer, ArmRequest } from '../arm-request.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { World } from '../resource-type.ts';
import type { TokenIssuer } from '../token-issuer.ts';
import { metricsAnswer } from './metrics-answer.ts';

/** Audience of Azure Monitor's own metrics endpoint; it takes no tokens for ARM. */
const AUDIENCES = ['https://metrics.monitor.azure.com'];
const PATH = /^\/subscriptions\/([^/]+)\/metrics:getBatch$/i;
/** Microsoft documents 50 resources for one request. */
const MOST_RESOURCES = 50;
const API_VERSIONS = ['2023-10-01', '2024-02-01'];

/**
 * `POST /subscriptions/{id}/metrics:getBatch`, the regional endpoint of Azure Monitor that the official client of
 * metrics speaks to: the same values as `GET {resource}/providers/Microsoft.Insights/metrics`, for several resources.
 * Undefined for what is another service's.
 */
export function createMetricsBatch(world: World, tokens: TokenIssuer): (request: ArmRequest) => ArmAnswer | undefined {
  return (request) => {
    const url = new URL(request.url, request.baseUrl);
    const subscriptionId = PATH.exec(url.pathname)?.[1];
    if (request.method !== 'POST' || subscriptionId === undefined) return undefined;
    const verdict = tokens.judge(request.headers.authorization, AUDIENCES);
    if (!verdict.valid) return refused(401, verdict.code, verdict.message);
    const query = Object.fromEntries([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
    if (!API_VERSIONS.includes(query['api-version'] ?? ''))
      return refused(400, 'BadRequest', `Invalid api version: ${query['api-version'] ?? ''}`);
    if (query.metricnamespace === undefined || query.metricnames === undefined)
      return refused(400, 'BadRequest', 'metricnamespace and metricnames are required.');
    return answerOf(world, subscriptionId, resourceIdsOf(request.body), query);
  };
}

function answerOf(
  world: World,
  subscriptionId: string,
  ids: readonly string[],
  { starttime, endtime, filter, ...query }: Readonly<Record<string, string>>,
): ArmAnswer {
  if (ids.length === 0 || ids.length > MOST_RESOURCES)
    return refused(400, 'BadRequest', `Between 1 and ${MOST_RESOURCES} resource ids are needed, not ${ids.length}.`);
  const listQuery = {
    ...query,
    ...(starttime === undefined || endtime === undefined ? {} : { timespan: `${starttime}/${endtime}` }),
    ...(filter === undefined ? {} : { $filter: filter }),
  };
  const values: Json[] = [];
  for (const id of ids) {
    if (!id.toLowerCase().startsWith(`/subscriptions/${subscriptionId.toLowerCase()}/`))
      return refused(400, 'BadRequest', `The resource ${id} is of another subscription.`);
    const target = world.get(id);
    if (target === undefined) return refused(404, 'ResourceNotFound', `The resource ${id} was not found.`);
    const answered = metricsAnswer(target, listQuery, world);
    if (isRefusal(answered)) {
      const { status, code, message } = answered.armError;
      return refused(status, code, message);
    }
    const { timespan, interval, namespace, resourceregion, value } = answered;
    const [from = '', until = ''] = String(timespan).split('/');
    values.push({ starttime: from, endtime: until, interval, namespace, resourceregion, resourceid: id, value });
  }
  return { status: 200, headers: {}, body: { values } };
}

type Refusal = Extract<ReturnType<typeof metricsAnswer>, { readonly armError: unknown }>;

function isRefusal(answered: JsonObject | Refusal): answered is Refusal {
  return 'armError' in answered;
}

function resourceIdsOf(text: string): readonly string[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The same as a body without ids: refused by their number.
    return [];
  }
  const ids = isJsonObject(body) ? body.resourceids : undefined;
  return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [];
}

function refused(status: number, code: string, message: string): ArmAnswer {
  return { status, headers: {}, body: { error: { code, message } } };
}
