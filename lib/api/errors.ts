import * as z from 'zod';

/** One thing that is wrong with a call. */
export const apiError = z.looseObject({
  code: z.string().describe('Stable, in PascalCase; scripts compare it.'),
  path: z.string().describe('Place in the document, query or headers; empty for the whole call.'),
  message: z.string().describe('One plain sentence.'),
  remedy: z.string().describe('One plain sentence: what the caller does about it.'),
});
export type ApiError = Readonly<Pick<z.infer<typeof apiError>, 'code' | 'path' | 'message' | 'remedy'>>;

/** Body of every answer that is an error. */
export const errorList = z.looseObject({ errors: z.array(apiError).readonly() });
export interface ErrorList {
  readonly errors: readonly ApiError[];
}

/** Errors of calls that do not depend on a schema, with the HTTP status each answers with. */
export const API_ERRORS = {
  MalformedBody: { status: 400, remedy: 'Send a body that parses as the content type says.' },
  InvalidRequest: { status: 400, remedy: 'Correct the value at the path and send the call again.' },
  UnknownField: { status: 400, remedy: 'Remove the field, or correct its spelling.' },
  MissingField: { status: 400, remedy: 'Add the field.' },
  UserMissing: { status: 401, remedy: 'Say who you are in the header x-hubkeeper-user, or sign in.' },
  TokenMissing: {
    status: 401,
    remedy: 'Send a bearer token of Microsoft Entra ID, or call /api/alerts with a function key.',
  },
  TokenInvalid: {
    status: 401,
    remedy:
      'Check audience, tenant and identifier URI of the secure webhook against the HUBKEEPER_ALERT_TOKEN settings.',
  },
  TokenNotAllowed: {
    status: 403,
    remedy: 'Give the app AzNS AAD Webhook the app role ActionGroupsSecureWebhook on the app registration.',
  },
  TokensNotTaken: {
    status: 403,
    remedy:
      'Set HUBKEEPER_ALERT_TOKEN_AUDIENCES and HUBKEEPER_ALERT_TOKEN_TENANT_ID, or call /api/alerts with a function key.',
  },
  UserMismatch: {
    status: 403,
    remedy: 'Leave out the header x-hubkeeper-user, or send the name you are signed in as.',
  },
  RoleMissing: { status: 403, remedy: 'Ask an administrator of the app for the role that the call needs.' },
  SelfApproval: { status: 403, remedy: 'Ask somebody else to approve, or set approvals.selfApproval in the spec.' },
  BaselineNotFound: { status: 404, remedy: 'List the baselines and use the name of one of them.' },
  OperationNotFound: { status: 404, remedy: 'List the operations of the baseline and use the id of one of them.' },
  AdjustmentNotFound: { status: 404, remedy: 'Read the baseline: it lists its live adjustments.' },
  HoldNotFound: { status: 404, remedy: 'Nothing to do: the baseline is not on hold.' },
  NotPaused: { status: 404, remedy: 'Nothing to do: nothing is paused.' },
  PlanNotFound: { status: 404, remedy: 'List the approvals and use the plan hash of one of them.' },
  StalePlan: { status: 409, remedy: 'Read the new plan and approve its hash.' },
  OperationEnded: { status: 409, remedy: 'Nothing to do: the operation has ended already.' },
  Conflict: { status: 409, remedy: 'Read the state again and repeat the call.' },
  OperationNotKept: { status: 410, remedy: 'Read the journal of the baseline: it keeps what the operation has done.' },
  ApprovalExpired: { status: 410, remedy: 'Make a new plan and have that one approved.' },
  VersionConflict: {
    status: 412,
    remedy: 'Read the baseline again, merge, and send the version that you read in If-Match.',
  },
  BodyTooLarge: { status: 413, remedy: 'Send a smaller document.' },
  UnsupportedMediaType: { status: 415, remedy: 'Send application/yaml or application/json.' },
  Throttled: { status: 429, remedy: 'Wait for as long as Retry-After says, then repeat the call.' },
  Internal: { status: 500, remedy: 'Repeat the call; when it fails again, report the operation id from the answer.' },
  TokenUnverifiable: {
    status: 503,
    remedy: 'Repeat the call in a minute; check that the app reaches HUBKEEPER_ENTRA_ENDPOINT if it lasts.',
  },
  StateUnavailable: { status: 503, remedy: 'Repeat the call in a minute; GET /api/health says what is unavailable.' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly remedy: string }>>;
export type ApiErrorCode = keyof typeof API_ERRORS;

/** An error of the table above; `remedy` only where the call knows a better one. */
export function errorOf(
  code: ApiErrorCode,
  message: string,
  more: { readonly path?: string; readonly remedy?: string } = {},
): ApiError {
  return { code, path: more.path ?? '', message, remedy: more.remedy ?? API_ERRORS[code].remedy };
}

/** A value checked against a schema: the value, or everything that is wrong with it. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ApiError[] };

/** Checks a value against a schema. Never throws; `root` goes before every path, such as `query`. */
export function check<T>(schema: z.ZodType<T>, value: unknown, root = ''): Checked<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, errors: result.error.issues.flatMap((issue) => errorsOfIssue(issue, root)) };
}

function errorsOfIssue(issue: z.core.$ZodIssue, root: string): ApiError[] {
  const path = pathOf(issue.path, root);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      errorOf('UnknownField', `There is no field ${JSON.stringify(key)} here.`, {
        path: pathOf([...issue.path, key], root),
      }),
    );
  }
  if (issue.code === 'invalid_type' && issue.input === undefined && issue.path.length > 0) {
    return [errorOf('MissingField', `${path} is missing.`, { path })];
  }
  const subject = path === '' ? 'The body' : path;
  // The members of a union say what each of them wants; the first is the usual form.
  const text = issue.code === 'invalid_union' ? (issue.errors[0]?.[0]?.message ?? issue.message) : issue.message;
  return [errorOf('InvalidRequest', `${subject} ${clauseOf(text)}.`, { path })];
}

/** Our own messages are clauses ("must be …"); the library's are sentences. */
function clauseOf(message: string): string {
  return message.startsWith('must ') ? message : `is not valid (${message})`;
}

function pathOf(path: readonly PropertyKey[], root: string): string {
  let text = root;
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}
