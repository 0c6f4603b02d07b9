import type { HttpResponseInit } from '@azure/functions';
import { buildOpenApi } from '../lib/api/openapi.ts';
import { checkHealth } from '../lib/health.ts';
import type { App } from './composition.ts';
import { answer, register } from './http.ts';

export function registerHealth(appOf: () => App): void {
  register('getHealth', appOf, async ({ app, nowIso }): Promise<HttpResponseInit> => {
    const health = await checkHealth(app, nowIso);
    return answer(health.status === 'failed' ? 503 : 200, health);
  });
  register('getOpenApi', appOf, async (): Promise<HttpResponseInit> => answer(200, buildOpenApi()));
}
