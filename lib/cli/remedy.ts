import { API_ERRORS, type ApiErrorCode } from '../api/errors.ts';

/** What somebody at the command line does about an error of the API. Errors that are missing speak for themselves. */
const REMEDIES: Readonly<Partial<Record<ApiErrorCode, (command: string) => string>>> = {
  UserMissing: () => 'Name yourself with --user NAME, or set HUBKEEPER_USER.',
  UserMismatch: () => 'Leave out --user and HUBKEEPER_USER, or give the name that you are signed in as.',
  BaselineNotFound: (command) => `List the baselines: ${command} status`,
  OperationNotFound: (command) => `List the operations: ${command} operations`,
  OperationNotKept: (command) => `Read what it did: ${command} journal NAME`,
  AdjustmentNotFound: (command) => `See which there are: ${command} status NAME`,
  PlanNotFound: (command) => `List what waits for approval: ${command} approvals`,
  StalePlan: (command) => `Look at the new plan (${command} plan NAME) and use its hash.`,
  Conflict: (command) => `Look at how it stands (${command} status) and run the command again.`,
  ApprovalExpired: (command) => `Ask for it anew: ${command} reconcile NAME`,
  VersionConflict: (command) => `Look at the stored spec (${command} status NAME), merge, and give its version.`,
  UnsupportedMediaType: () => 'Give a spec in YAML or JSON.',
  Throttled: () => 'Wait a minute, then run the command again.',
  Internal: () => 'Run the command again; when it fails again, report it with this message.',
  StateUnavailable: (command) => `Run the command again in a minute; ${command} health says what does not work.`,
};

/** The remedy in words of the command line. A remedy that the app gave for this very call stays, unless it is an HTTP call. */
export function cliRemedy(code: string, remedy: string, command: string): string {
  const known = code as ApiErrorCode;
  if (!Object.hasOwn(API_ERRORS, code)) return remedy;
  if (API_ERRORS[known].remedy !== remedy && !/\b(?:GET|PUT|POST|DELETE) \/api\//.test(remedy)) return remedy;
  return REMEDIES[known]?.(command) ?? remedy;
}
