import * as z from 'zod';
import { type AdjustmentRequest, adjustmentPreview } from '../api/adjustment.ts';
import { type ApprovalRequest, approvalList, approvalResult } from '../api/approval.ts';
import { baseline, baselineList, type ReconcileRequest, teardownAccepted } from '../api/baseline.ts';
import { egressAddressList } from '../api/egress-addresses.ts';
import { health } from '../api/health.ts';
import { type HoldRequest, hold } from '../api/hold.ts';
import { journal } from '../api/journal.ts';
import { accepted, operation, operationList } from '../api/operation.ts';
import { pause } from '../api/pause.ts';
import { plan } from '../api/plan.ts';
import type { JsonObject } from '../json.ts';
import { type EndpointOptions, findEndpoint } from './endpoint.ts';
import { type Call, call, type Reply } from './http.ts';
import { controlSimulation, editSimulated } from './simulation.ts';
import type { World } from './world.ts';

/** A document as it goes over the wire. */
export interface DocumentToSend {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export type Client = ReturnType<typeof createClient>;

/**
 * The calls of the API, one function each. The endpoint is looked up for every call: the local environment may come
 * back under another port.
 */
export function createClient(world: World, options: EndpointOptions) {
  const part = encodeURIComponent;

  async function send<Schema extends z.ZodType>(
    request: Call<Schema>,
    signal?: AbortSignal,
  ): Promise<Reply<z.output<Schema>>> {
    return call(world, await findEndpoint(world, options), request, signal);
  }
  const json = (value: unknown) => ({ contentType: 'application/json', bytes: JSON.stringify(value) });

  return {
    /** Address of the app, for links. */
    url: async () => (await findEndpoint(world, options)).url,
    listBaselines: () => send({ method: 'GET', path: '/baselines', answers: { 200: baselineList } }),
    getBaseline: (name: string) =>
      send({ method: 'GET', path: `/baselines/${part(name)}`, answers: { 200: baseline } }),
    putBaseline: (name: string, document: DocumentToSend, ifMatch: string | undefined) =>
      send({
        method: 'PUT',
        path: `/baselines/${part(name)}`,
        body: document,
        ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
        answers: { 202: accepted },
      }),
    planDocument: (name: string, document: DocumentToSend) =>
      send({
        method: 'PUT',
        path: `/baselines/${part(name)}`,
        query: { dryRun: 'true' },
        body: document,
        answers: { 200: plan },
      }),
    /** The plan, or the operation that will carry it. */
    planBaseline: (name: string) =>
      send<typeof plan | typeof accepted>({
        method: 'POST',
        path: `/baselines/${part(name)}/plan`,
        answers: { 200: plan, 202: accepted },
      }),
    reconcile: (name: string, request: ReconcileRequest) =>
      send({
        method: 'POST',
        path: `/baselines/${part(name)}/reconcile`,
        body: json(request),
        answers: { 202: accepted },
      }),
    teardown: (name: string) =>
      send({ method: 'DELETE', path: `/baselines/${part(name)}`, answers: { 202: teardownAccepted } }),
    /** A control of the local environment's simulated Azure. */
    simulate: (method: 'PUT' | 'POST', path: string, body: unknown) =>
      controlSimulation(world, options, method, path, body),
    /** An edit of a resource of that simulated Azure by somebody else. */
    editSimulated: (
      resource: { readonly id: string; readonly apiVersion: string },
      principal: string,
      edit: (body: JsonObject) => JsonObject | null,
    ) => editSimulated(world, options, resource, principal, edit),
    egressAddresses: (name: string) =>
      send({ method: 'GET', path: `/baselines/${part(name)}/egress-addresses`, answers: { 200: egressAddressList } }),
    hold: (name: string, request: HoldRequest) =>
      send({ method: 'PUT', path: `/baselines/${part(name)}/hold`, body: json(request), answers: { 200: hold } }),
    release: (name: string) =>
      send({ method: 'DELETE', path: `/baselines/${part(name)}/hold`, answers: { 204: z.null() } }),
    adjust: (name: string, id: string, request: AdjustmentRequest) =>
      send({
        method: 'PUT',
        path: `/baselines/${part(name)}/adjustments/${part(id)}`,
        body: json(request),
        answers: { 202: accepted },
      }),
    /** What would come of it. */
    previewAdjust: (name: string, id: string, request: AdjustmentRequest) =>
      send({
        method: 'PUT',
        path: `/baselines/${part(name)}/adjustments/${part(id)}`,
        query: { dryRun: 'true' },
        body: json(request),
        answers: { 200: adjustmentPreview },
      }),
    unadjust: (name: string, id: string) =>
      send({ method: 'DELETE', path: `/baselines/${part(name)}/adjustments/${part(id)}`, answers: { 202: accepted } }),
    /** What would come of it. */
    previewUnadjust: (name: string, id: string) =>
      send({
        method: 'DELETE',
        path: `/baselines/${part(name)}/adjustments/${part(id)}`,
        query: { dryRun: 'true' },
        answers: { 200: adjustmentPreview },
      }),
    listOperations: (query: { readonly baseline?: string; readonly limit?: string; readonly continuation?: string }) =>
      send({ method: 'GET', path: '/operations', query, answers: { 200: operationList } }),
    getOperation: (id: string, signal?: AbortSignal) =>
      send({ method: 'GET', path: `/operations/${part(id)}`, answers: { 200: operation }, timeoutSeconds: 30 }, signal),
    stopOperation: (id: string) =>
      send({ method: 'POST', path: `/operations/${part(id)}/stop`, answers: { 202: operation } }),
    listApprovals: (name: string | undefined) =>
      send({ method: 'GET', path: '/approvals', query: { baseline: name }, answers: { 200: approvalList } }),
    decide: (hash: string, request: ApprovalRequest) =>
      send({ method: 'POST', path: `/approvals/${part(hash)}`, body: json(request), answers: { 200: approvalResult } }),
    journal: (query: Readonly<Record<string, string | undefined>>) =>
      send({ method: 'GET', path: '/journal', query, answers: { 200: journal } }),
    getPause: () => send({ method: 'GET', path: '/pause', answers: { 200: pause } }),
    pause: (reason: string) => send({ method: 'PUT', path: '/pause', body: json({ reason }), answers: { 200: pause } }),
    resume: () => send({ method: 'DELETE', path: '/pause', answers: { 200: pause } }),
    health: () => send({ method: 'GET', path: '/health', answers: { 200: health, 503: health } }),
  };
}
