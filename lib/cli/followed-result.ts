import type { OperationBody } from '../api/operation.ts';
import { EXIT } from './exit-code.ts';
import type { Followed, FollowInput } from './follow.ts';
import { follow } from './follow.ts';
import { optionFlag, optionMinutes } from './input.ts';
import { hashesToApprove, summaryLines } from './operation-view.ts';
import { plain } from './style.ts';
import type { Context, VerbInput, VerbOption, VerbResult } from './verb.ts';

/** Options of every command that starts an operation and watches it. */
export const followOptions: readonly VerbOption[] = [
  { flags: '--no-wait', description: 'start it and come back at once' },
  {
    flags: '--wait-for-approval',
    description: 'go on watching while an approval is missing, instead of ending with code 3',
  },
  { flags: '--timeout <minutes>', description: 'stop watching after so many minutes; the operation goes on' },
];

/** How to watch, as the options say. */
export type Watching = Omit<FollowInput, 'operationId'>;

/**
 * Reads the options of watching, before anything is called.
 * @throws CliError (exit code 2) when one of them is not valid.
 */
export function watchingOf(input: VerbInput): Watching {
  const timeoutMinutes = optionMinutes(input, 'timeout');
  return {
    waitForApproval: optionFlag(input, 'waitForApproval'),
    ...(timeoutMinutes === undefined ? {} : { timeoutMinutes }),
  };
}

/** Watches an operation, and tells how it ended. */
export async function followOperation(context: Context, watching: Watching, operationId: string): Promise<VerbResult> {
  const request = { ...watching, operationId };
  return followedResult(context, operationId, await follow(context.world, context.client, context.progress(), request));
}

/** The answer of a command that does not wait. */
export function startedResult(context: Context, operationId: string, what: string, data: unknown): VerbResult {
  return {
    exitCode: EXIT.done,
    data,
    lines: [what, `Follow it: ${context.command} follow ${operationId}`],
  };
}

/** How an operation ended, or stands; of one that was stopped also by whom. */
export async function endLines(context: Context, operation: OperationBody): Promise<string[]> {
  const [heading = '', ...rest] = summaryLines(operation, context.style);
  return [heading, ...(context.json ? [] : await whoLines(context, operation)), ...rest];
}

async function whoLines(context: Context, operation: OperationBody): Promise<string[]> {
  const other = operation.supersededBy ?? operation.joinedTo;
  if (other !== undefined) {
    const { requestedBy, trigger } = (await context.client.getOperation(other)).value;
    const by = requestedBy === undefined || requestedBy === '' ? '' : ` of ${plain(requestedBy)}`;
    const did = operation.supersededBy === undefined ? 'does its work' : 'took over with a newer desired state';
    return [`  Operation ${plain(other)} (${plain(trigger)}${by}) ${did}.`];
  }
  if (operation.state !== 'stopped') return [];
  const { entries } = (await context.client.journal({ baseline: operation.baseline, operation: operation.id })).value;
  const stop = entries.find((entry) => entry.trigger === 'stop');
  return typeof stop?.by === 'string' && stop.by !== '' ? [`  Stopped by ${plain(stop.by)}.`] : [];
}

async function followedResult(context: Context, operationId: string, followed: Followed): Promise<VerbResult> {
  const { operation, exitCode } = followed;
  // Another process ends it: nobody is there to take up a hint, and what was watched may be ending as well.
  if (followed.ended === 'terminated') return { exitCode, data: operation ?? { id: operationId }, lines: [] };
  const lines = operation === undefined ? [] : await endLines(context, operation);
  switch (followed.ended) {
    case 'final':
      if (operation !== undefined)
        lines.push(`Journal: ${await journalUrl(context, operation.baseline, operation.createdAt)}`);
      break;
    case 'approval':
      for (const hash of operation === undefined ? [] : hashesToApprove(operation)) {
        lines.push(`Approve it, as somebody else: ${context.command} approve ${hash}`);
      }
      lines.push(`Follow it: ${context.command} follow ${operationId}`);
      break;
    case 'interrupted':
    case 'timeout':
      lines.push(
        followed.ended === 'timeout' ? 'Time is up; the operation goes on.' : 'The operation goes on.',
        `Follow it: ${context.command} follow ${operationId}`,
        `Stop it:   ${context.command} stop ${operationId}`,
      );
      break;
  }
  return { exitCode, data: operation ?? { id: operationId }, lines };
}

async function journalUrl(context: Context, baseline: string, since: string | undefined): Promise<string> {
  const query = new URLSearchParams({ baseline, ...(since === undefined ? {} : { since }) });
  return `${await context.client.url()}/api/journal?${query}`;
}
