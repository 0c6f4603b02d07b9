import { EXIT } from './exit-code.ts';
import type { Followed, FollowInput } from './follow.ts';
import { follow } from './follow.ts';
import { optionFlag, optionMinutes } from './input.ts';
import { hashesToApprove, summaryLines } from './operation-view.ts';
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

/** Watches an operation as the options say, and tells how it ended. */
export async function followOperation(
  context: Context,
  input: VerbInput,
  operationId: string,
  defaults: { readonly waitForApproval: boolean } = { waitForApproval: false },
): Promise<VerbResult> {
  const timeoutMinutes = optionMinutes(input, 'timeout');
  const request: FollowInput = {
    operationId,
    waitForApproval: defaults.waitForApproval || optionFlag(input, 'waitForApproval'),
    ...(timeoutMinutes === undefined ? {} : { timeoutMinutes }),
  };
  return followedResult(context, operationId, await follow(context.world, context.client, context.progress(), request));
}

/** The answer of a command that does not wait. */
export function startedResult(operationId: string, what: string, data: unknown): VerbResult {
  return {
    exitCode: EXIT.done,
    data,
    lines: [what, `Follow it: hubkeeper follow ${operationId}`],
  };
}

async function followedResult(context: Context, operationId: string, followed: Followed): Promise<VerbResult> {
  const { operation, exitCode } = followed;
  const lines = operation === undefined ? [] : summaryLines(operation, context.style);
  switch (followed.ended) {
    case 'final':
      if (operation !== undefined)
        lines.push(`Journal: ${await journalUrl(context, operation.baseline, operation.createdAt)}`);
      break;
    case 'approval':
      for (const hash of operation === undefined ? [] : hashesToApprove(operation)) {
        lines.push(`Approve it, as somebody else: hubkeeper approve ${hash}`);
      }
      lines.push(`Follow it: hubkeeper follow ${operationId}`);
      break;
    case 'interrupted':
    case 'timeout':
      lines.push(
        followed.ended === 'timeout' ? 'Time is up; the operation goes on.' : 'The operation goes on.',
        `Follow it: hubkeeper follow ${operationId}`,
        `Stop it:   hubkeeper stop ${operationId}`,
      );
      break;
  }
  return { exitCode, data: operation ?? { id: operationId }, lines };
}

async function journalUrl(context: Context, baseline: string, since: string | undefined): Promise<string> {
  const query = new URLSearchParams({ baseline, ...(since === undefined ? {} : { since }) });
  return `${await context.client.url()}/api/journal?${query}`;
}
