import { type ApprovalRequest, approvalRequest } from '../../api/approval.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { checked, hashArgument, optionText } from '../input.ts';
import type { Context, Verb, VerbInput, VerbResult } from '../verb.ts';

export const approveVerb: Verb = {
  name: 'approve',
  args: [{ name: '<hash>', description: 'hash of the plan, or the first 8 characters of it and more' }],
  summary: 'approve a plan, as another person than asked for it',
  options: [{ flags: '--comment <text>', description: 'kept in the journal' }],
  examples: [
    'hubkeeper approvals --full',
    "hubkeeper approve 9f2c41d07be3a855 --comment 'Agreed in the change meeting'",
  ],
  run: (context, input) => decide(context, input, 'approve'),
};

export const rejectVerb: Verb = {
  name: 'reject',
  args: [{ name: '<hash>', description: 'hash of the plan, or the first 8 characters of it and more' }],
  summary: 'reject a plan: none of it is done',
  options: [{ flags: '--comment <text>', description: 'kept in the journal' }],
  examples: ["hubkeeper reject 9f2c41d07be3a855 --comment 'Not during the sale'"],
  run: (context, input) => decide(context, input, 'reject'),
};

/** The one plan that waits and whose hash begins so; undefined when none does. */
async function wholeHash(context: Context, given: string): Promise<string | undefined> {
  const { value } = await context.client.listApprovals(undefined);
  const fitting = [...new Set(value.approvals.map(({ planHash }) => planHash))].filter((one) => one.startsWith(given));
  if (fitting.length <= 1) return fitting[0];
  throw usageError(
    `${fitting.length} plans that wait begin with ${given}.`,
    `Give more of the hash: ${fitting.join(', ')}.`,
    'HASH',
  );
}

/** Decides on the plan with exactly this hash; when there is none, on the one whose hash begins so. */
async function decideOn(context: Context, given: string, request: ApprovalRequest) {
  try {
    return await context.client.decide(given, request);
  } catch (error) {
    if (!(error instanceof CliError) || error.errors[0]?.code !== 'PlanNotFound') throw error;
    const hash = await wholeHash(context, given);
    if (hash === undefined) throw error;
    return await context.client.decide(hash, request);
  }
}

async function decide(context: Context, input: VerbInput, decision: 'approve' | 'reject'): Promise<VerbResult> {
  const given = hashArgument(input.args[0]);
  const request = checked(approvalRequest, { decision, comment: optionText(input, 'comment') });
  const { value } = await decideOn(context, given, request);
  const lines = [`${decision === 'approve' ? 'Approved' : 'Rejected'} ${value.planHash} of ${value.baseline}.`];
  if (decision === 'approve' && value.operationId !== undefined)
    lines.push(`Follow it: ${context.command} follow ${value.operationId}`);
  return { exitCode: EXIT.done, data: value, lines };
}
