import type { HttpResponseInit } from '@azure/functions';
import { baselineName } from '../lib/api/common.ts';
import { readEgressAddresses } from '../lib/reactions/snat/observe-egress.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import type { App } from './composition.ts';
import { answer, type Call, parameter, register } from './http.ts';

export function registerEgressAddresses(appOf: () => App): void {
  register('listEgressAddresses', appOf, listEgressAddresses);
}

/** Answers from which public addresses the egress of a baseline leaves, and will. */
export async function listEgressAddresses({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const name = parameter<string>(request, 'name', baselineName);
  const stored = await app.baselines.read(name);
  if (stored === null || stored.head.specVersion === 0) throw baselineNotFound(name);
  const { addresses, prefixes } = await readEgressAddresses(app, stored.head, stored.head.adjustments, nowIso);
  return answer(200, { baseline: name, at: nowIso, addresses, prefixes });
}
