import { approvalRequest } from '../../api/approval.ts';
import { EXIT } from '../exit-code.ts';
import { checked, hashArgument, optionText } from '../input.ts';
import type { Context, Verb, VerbInput, VerbResult } from '../verb.ts';

export const approveVerb: Verb = {
  name: 'approve',
  args: [{ name: '<hash>', description: 'hash of the plan, in full' }],
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
  args: [{ name: '<hash>', description: 'hash of the plan, in full' }],
  summary: 'reject a plan: none of it is done',
  options: [{ flags: '--comment <text>', description: 'kept in the journal' }],
  examples: ["hubkeeper reject 9f2c41d07be3a855 --comment 'Not during the sale'"],
  run: (context, input) => decide(context, input, 'reject'),
};

async function decide(context: Context, input: VerbInput, decision: 'approve' | 'reject'): Promise<VerbResult> {
  const hash = hashArgument(input.args[0]);
  const { value } = await context.client.decide(
    hash,
    checked(approvalRequest, { decision, comment: optionText(input, 'comment') }),
  );
  const lines = [`${decision === 'approve' ? 'Approved' : 'Rejected'} ${hash} of ${value.baseline}.`];
  if (decision === 'approve' && value.operationId !== undefined)
    lines.push(`Follow it: hubkeeper follow ${value.operationId}`);
  return { exitCode: EXIT.done, data: value, lines };
}
