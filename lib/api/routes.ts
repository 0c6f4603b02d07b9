import * as z from 'zod';
import { baselineSpec } from '../baseline/spec.ts';
import { adjustment, adjustmentPreview, adjustmentRequest } from './adjustment.ts';
import { alertAnswer, alertBody } from './alert.ts';
import { approvalList, approvalRequest, approvalResult } from './approval.ts';
import { baseline, baselineList, reconcileRequest, teardownAccepted } from './baseline.ts';
import { adjustmentId, baselineName, operationId, planHash, userName } from './common.ts';
import { egressAddressList } from './egress-addresses.ts';
import { errorList } from './errors.ts';
import { health } from './health.ts';
import { hold, holdRequest } from './hold.ts';
import { journal, journalQuery, operationsQuery } from './journal.ts';
import { accepted, operation, operationList } from './operation.ts';
import { pause, pauseRequest } from './pause.ts';
import { plan } from './plan.ts';

/** What a caller must be allowed to do. `anonymous`: no name is asked for. `monitor`: to report alerts and events. */
export type Role = 'anonymous' | 'reader' | 'operator' | 'approver' | 'monitor';
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A part of the address, the query or the headers. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: z.ZodType;
}

/** A body under its name in the OpenAPI document. */
export type SchemaName = keyof typeof SCHEMAS;

export interface Answer {
  readonly status: number;
  readonly description: string;
  readonly body?: SchemaName;
  /** Headers that the answer carries, with their meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One call of the API. */
export interface Route {
  readonly method: Method;
  /** Below the prefix `/api`. */
  readonly path: string;
  /** Unique, camelCase. */
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  readonly role: Role;
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly schema: SchemaName; readonly contentTypes: readonly string[]; readonly required: boolean };
  readonly answers: readonly Answer[];
}

/** Prefix of every route. */
export const API_PREFIX = '/api';

/** Bodies that the OpenAPI document names. */
export const SCHEMAS = {
  Accepted: accepted,
  Adjustment: adjustment,
  AdjustmentPreview: adjustmentPreview,
  AdjustmentRequest: adjustmentRequest,
  Alert: alertBody,
  AlertAnswer: alertAnswer,
  ApprovalList: approvalList,
  ApprovalRequest: approvalRequest,
  ApprovalResult: approvalResult,
  Baseline: baseline,
  BaselineList: baselineList,
  EgressAddressList: egressAddressList,
  ErrorList: errorList,
  Health: health,
  Hold: hold,
  HoldRequest: holdRequest,
  Journal: journal,
  Operation: operation,
  OperationList: operationList,
  OpenApiDocument: z.record(z.string(), z.unknown()),
  Pause: pause,
  PauseRequest: pauseRequest,
  Plan: plan,
  ReconcileRequest: reconcileRequest,
  Spec: baselineSpec,
  StalePlan: z.looseObject({ ...errorList.shape, plan }),
  TeardownAccepted: teardownAccepted,
} as const satisfies Readonly<Record<string, z.ZodType>>;

const JSON_ONLY = ['application/json'];
const LOCATION = { Location: 'Address of the operation.' };
const VERSION_TAG = { ETag: 'Version of the spec, for If-Match.' };

const nameParameter = path('name', baselineName);
const userParameter: Parameter = {
  name: 'x-hubkeeper-user',
  in: 'header',
  required: false,
  schema: userName.describe('Who calls. A signed-in principal wins; a differing header is refused.'),
};
const ifMatchParameter: Parameter = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: z.string().describe('Version of the spec in quotes, as in ETag: the call does nothing when it has moved.'),
};

const unknownBaseline: Answer = { status: 404, description: 'There is no such baseline.', body: 'ErrorList' };
const invalid: Answer = { status: 400, description: 'The call is not valid; nothing was started.', body: 'ErrorList' };
const started: Answer = {
  status: 202,
  description: 'Recorded; the operation goes on.',
  body: 'Accepted',
  headers: LOCATION,
};

const ADJUSTMENT_DRY_RUN = 'true: answer with what would come of it and record nothing.';
const adjustmentPreviewed: Answer = {
  status: 200,
  description: 'dryRun: what would come of it.',
  body: 'AdjustmentPreview',
};

const alertAnswers: readonly Answer[] = [
  { status: 200, description: 'Nothing is to be done; `ignored` says why.', body: 'AlertAnswer' },
  { status: 202, description: 'Something was recognised and recorded.', body: 'AlertAnswer' },
  { status: 400, description: 'The body is no alert of the common alert schema.', body: 'ErrorList' },
  { status: 413, description: 'The body has more than 256 KB.', body: 'ErrorList' },
  { status: 415, description: 'Not JSON.', body: 'ErrorList' },
  {
    status: 503,
    description: 'The alert could not be recorded; sending it again is safe.',
    body: 'ErrorList',
    headers: { 'Retry-After': 'Seconds until it is worth trying again.' },
  },
];

/** Every call of the API. The OpenAPI document is made of it. */
export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/baselines',
    id: 'listBaselines',
    summary: 'All baselines with version, last result, live adjustments, hold and drift in figures.',
    role: 'reader',
    parameters: [userParameter],
    answers: [{ status: 200, description: 'The baselines.', body: 'BaselineList' }],
  },
  {
    method: 'GET',
    path: '/baselines/{name}',
    id: 'getBaseline',
    summary: 'One baseline with its spec and its drift.',
    role: 'reader',
    parameters: [nameParameter, userParameter],
    answers: [{ status: 200, description: 'The baseline.', body: 'Baseline', headers: VERSION_TAG }, unknownBaseline],
  },
  {
    method: 'PUT',
    path: '/baselines/{name}',
    id: 'putBaseline',
    summary: 'Stores a spec and starts to make it true.',
    description: 'The spec is validated as a whole before anything is called. With dryRun nothing is stored.',
    role: 'operator',
    parameters: [
      nameParameter,
      dryRun('true: answer with the plan and store nothing.'),
      ifMatchParameter,
      userParameter,
    ],
    body: { schema: 'Spec', contentTypes: ['application/yaml', 'application/json'], required: true },
    answers: [
      { status: 200, description: 'dryRun: the plan.', body: 'Plan' },
      { ...started, headers: { ...LOCATION, ...VERSION_TAG } },
      { ...invalid, description: 'The spec is not valid; every violation is listed.' },
      { status: 409, description: 'Another baseline claims one of the resources.', body: 'ErrorList' },
      { status: 412, description: 'The version is not the one in If-Match.', body: 'ErrorList' },
      { status: 413, description: 'The document is too large.', body: 'ErrorList' },
      { status: 415, description: 'Neither YAML nor JSON.', body: 'ErrorList' },
    ],
  },
  {
    method: 'DELETE',
    path: '/baselines/{name}',
    id: 'deleteBaseline',
    summary: 'Asks for a teardown; it waits for the approval of its plan.',
    role: 'operator',
    parameters: [nameParameter, ifMatchParameter, userParameter],
    answers: [
      {
        status: 202,
        description: 'The plan; nothing is removed before its hash is approved.',
        body: 'TeardownAccepted',
        headers: LOCATION,
      },
      unknownBaseline,
      { status: 412, description: 'The version is not the one in If-Match.', body: 'ErrorList' },
    ],
  },
  {
    method: 'POST',
    path: '/baselines/{name}/plan',
    id: 'planBaseline',
    summary: 'The plan of the stored spec against Azure as it is now.',
    role: 'reader',
    parameters: [nameParameter, userParameter],
    answers: [
      { status: 200, description: 'The plan.', body: 'Plan' },
      {
        status: 202,
        description: 'It takes longer than 60 seconds; the operation will carry the plan.',
        body: 'Accepted',
        headers: LOCATION,
      },
      unknownBaseline,
    ],
  },
  {
    method: 'POST',
    path: '/baselines/{name}/reconcile',
    id: 'reconcileBaseline',
    summary: 'Runs the loop now.',
    role: 'operator',
    parameters: [nameParameter, userParameter],
    body: { schema: 'ReconcileRequest', contentTypes: JSON_ONLY, required: false },
    answers: [
      started,
      invalid,
      unknownBaseline,
      { status: 409, description: 'The plan hash is stale: the new plan.', body: 'StalePlan' },
    ],
  },
  {
    method: 'GET',
    path: '/baselines/{name}/egress-addresses',
    id: 'listEgressAddresses',
    summary: 'Public addresses and prefixes that egress leaves from, or will: what partners have to allow.',
    role: 'reader',
    parameters: [nameParameter, userParameter],
    answers: [{ status: 200, description: 'Addresses and prefixes.', body: 'EgressAddressList' }, unknownBaseline],
  },
  {
    method: 'PUT',
    path: '/baselines/{name}/hold',
    id: 'putHold',
    summary: 'Holds a baseline, or a part of it, during an incident.',
    role: 'operator',
    parameters: [nameParameter, userParameter],
    body: { schema: 'HoldRequest', contentTypes: JSON_ONLY, required: true },
    answers: [
      { status: 200, description: 'The hold.', body: 'Hold' },
      invalid,
      unknownBaseline,
      { status: 409, description: 'Somebody else holds the baseline.', body: 'ErrorList' },
    ],
  },
  {
    method: 'DELETE',
    path: '/baselines/{name}/hold',
    id: 'deleteHold',
    summary: 'Releases a hold.',
    role: 'operator',
    parameters: [nameParameter, userParameter],
    answers: [
      { status: 204, description: 'Released.' },
      { ...unknownBaseline, description: 'There is no such baseline, or no hold.' },
    ],
  },
  {
    method: 'PUT',
    path: '/baselines/{name}/adjustments/{id}',
    id: 'putAdjustment',
    summary: 'Changes the desired state by hand, for a time.',
    description:
      'Of two adjustments of one firewall the newer one counts, whole; the older one counts again when that has ended.',
    role: 'operator',
    parameters: [nameParameter, path('id', adjustmentId), dryRun(ADJUSTMENT_DRY_RUN), userParameter],
    body: { schema: 'AdjustmentRequest', contentTypes: JSON_ONLY, required: true },
    answers: [adjustmentPreviewed, started, invalid, unknownBaseline],
  },
  {
    method: 'DELETE',
    path: '/baselines/{name}/adjustments/{id}',
    id: 'deleteAdjustment',
    summary: 'Ends an adjustment before its time.',
    role: 'operator',
    parameters: [nameParameter, path('id', adjustmentId), dryRun(ADJUSTMENT_DRY_RUN), userParameter],
    answers: [
      adjustmentPreviewed,
      started,
      { ...unknownBaseline, description: 'There is no such baseline, or no such adjustment.' },
    ],
  },
  {
    method: 'POST',
    path: '/alerts',
    id: 'receiveAlert',
    summary: 'An alert of Azure Monitor in the common alert schema.',
    description:
      'The alert is recorded and answered at once; reactions look into it afterwards. Copies change nothing. A bearer token that comes along must be valid when tokens are configured.',
    role: 'monitor',
    parameters: [],
    body: { schema: 'Alert', contentTypes: JSON_ONLY, required: true },
    answers: alertAnswers,
  },
  {
    method: 'POST',
    path: '/alerts/secure',
    id: 'receiveSecureAlert',
    summary: 'The same for a secure webhook, which has a token of Microsoft Entra ID and no function key.',
    role: 'anonymous',
    parameters: [],
    body: { schema: 'Alert', contentTypes: JSON_ONLY, required: true },
    answers: [
      ...alertAnswers,
      { status: 401, description: 'The token is missing or not valid.', body: 'ErrorList' },
      { status: 403, description: 'The caller may not report alerts, or no tokens are taken.', body: 'ErrorList' },
    ],
  },
  {
    method: 'GET',
    path: '/operations',
    id: 'listOperations',
    summary: 'Operations, the newest first.',
    role: 'reader',
    parameters: [...queries(operationsQuery), userParameter],
    answers: [{ status: 200, description: 'The operations.', body: 'OperationList' }, invalid, unknownBaseline],
  },
  {
    method: 'GET',
    path: '/operations/{id}',
    id: 'getOperation',
    summary: 'State, progress, status of each node, errors.',
    role: 'reader',
    parameters: [path('id', operationId), userParameter],
    answers: [
      {
        status: 200,
        description: 'The operation.',
        body: 'Operation',
        headers: { 'Retry-After': 'While it goes on: seconds until it is worth asking again.' },
      },
      { status: 404, description: 'There is no such operation.', body: 'ErrorList' },
      { status: 410, description: 'It is over and its document is not kept any more.', body: 'ErrorList' },
    ],
  },
  {
    method: 'POST',
    path: '/operations/{id}/stop',
    id: 'stopOperation',
    summary: 'Starts nothing more; what is in flight is followed to its end.',
    role: 'operator',
    parameters: [path('id', operationId), userParameter],
    answers: [
      { status: 202, description: 'It will stop.', body: 'Operation', headers: LOCATION },
      { status: 404, description: 'There is no such operation.', body: 'ErrorList' },
      { status: 409, description: 'It has ended already.', body: 'ErrorList' },
    ],
  },
  {
    method: 'GET',
    path: '/approvals',
    id: 'listApprovals',
    summary: 'Plans that wait for a decision.',
    role: 'reader',
    parameters: [{ name: 'baseline', in: 'query', required: false, schema: baselineName }, userParameter],
    answers: [{ status: 200, description: 'The plans.', body: 'ApprovalList' }, invalid, unknownBaseline],
  },
  {
    method: 'POST',
    path: '/approvals/{planHash}',
    id: 'decideApproval',
    summary: 'Approves or rejects a plan.',
    description: 'The approver is another person than the requester, unless the spec allows approvals.selfApproval.',
    role: 'approver',
    parameters: [path('planHash', planHash), userParameter],
    body: { schema: 'ApprovalRequest', contentTypes: JSON_ONLY, required: true },
    answers: [
      { status: 200, description: 'Decided.', body: 'ApprovalResult' },
      invalid,
      { status: 404, description: 'No plan with this hash waits for approval.', body: 'ErrorList' },
      { status: 409, description: 'The plan is stale: the world or the spec has moved.', body: 'ErrorList' },
      { status: 410, description: 'The request for approval has expired.', body: 'ErrorList' },
    ],
  },
  {
    method: 'GET',
    path: '/journal',
    id: 'readJournal',
    summary: 'What was done, what was not, and why.',
    role: 'reader',
    parameters: [...queries(journalQuery), userParameter],
    answers: [
      { status: 200, description: 'The entries, oldest first; with `order=newest` the last of them.', body: 'Journal' },
      invalid,
      unknownBaseline,
    ],
  },
  {
    method: 'GET',
    path: '/pause',
    id: 'getPause',
    summary: 'Whether everything is paused.',
    role: 'reader',
    parameters: [userParameter],
    answers: [{ status: 200, description: 'The switch.', body: 'Pause' }],
  },
  {
    method: 'PUT',
    path: '/pause',
    id: 'putPause',
    summary: 'Global stop switch: no baseline starts another write.',
    role: 'operator',
    parameters: [userParameter],
    body: { schema: 'PauseRequest', contentTypes: JSON_ONLY, required: true },
    answers: [{ status: 200, description: 'The switch.', body: 'Pause' }, invalid],
  },
  {
    method: 'DELETE',
    path: '/pause',
    id: 'deletePause',
    summary: 'Ends the pause.',
    role: 'operator',
    parameters: [userParameter],
    answers: [
      { status: 200, description: 'The switch. It stays on when an app setting holds it.', body: 'Pause' },
      { status: 404, description: 'Nothing is paused: nothing is recorded.', body: 'ErrorList' },
    ],
  },
  {
    method: 'GET',
    path: '/health',
    id: 'getHealth',
    summary: 'Self-check: identity, storage, queue age, last timer runs.',
    role: 'reader',
    parameters: [],
    answers: [
      { status: 200, description: 'It works, perhaps degraded.', body: 'Health' },
      { status: 503, description: 'Nothing can be reconciled.', body: 'Health' },
    ],
  },
  {
    method: 'GET',
    path: '/openapi.json',
    id: 'getOpenApi',
    summary: 'This document.',
    role: 'anonymous',
    parameters: [],
    answers: [{ status: 200, description: 'The OpenAPI document.', body: 'OpenApiDocument' }],
  },
];

/** The route with that id. Throws when there is none: ids are constants of the code. */
export function routeOf(id: string): Route {
  const route = ROUTES.find((candidate) => candidate.id === id);
  if (route === undefined) throw new Error(`There is no route ${id}.`);
  return route;
}

function path(name: string, schema: z.ZodType): Parameter {
  return { name, in: 'path', required: true, schema };
}

function dryRun(description: string): Parameter {
  return { name: 'dryRun', in: 'query', required: false, schema: z.enum(['true', 'false']).describe(description) };
}

function queries(query: z.ZodObject): readonly Parameter[] {
  return Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: !(schema instanceof z.ZodOptional),
    schema: schema as z.ZodType,
  }));
}
