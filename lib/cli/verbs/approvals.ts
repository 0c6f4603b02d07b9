import { EXIT } from '../exit-code.ts';
import { nameArgument, optionFlag } from '../input.ts';
import { planLines, planSummary } from '../plan-view.ts';
import { plain } from '../style.ts';
import { timeText } from '../text.ts';
import type { Verb } from '../verb.ts';

export const approvalsVerb: Verb = {
  name: 'approvals',
  args: [{ name: '[name]', description: 'only those of this baseline' }],
  summary: 'list plans that wait for approval',
  options: [{ flags: '--full', description: 'every change of every plan' }],
  examples: [
    'hubkeeper approvals',
    'hubkeeper approvals prod --full',
    "hubkeeper approvals --json | jq -r '.approvals[].planHash'",
  ],
  async run(context, input) {
    const { style } = context;
    const name = input.args[0] === undefined ? undefined : nameArgument(input.args[0]);
    const { value } = await context.client.listApprovals(name);
    const lines = value.approvals.flatMap((approval) => [
      `${style.bold(plain(approval.planHash))}  ${plain(approval.baseline)}`,
      `    ${planSummary(approval.plan)}`,
      `    asked for by ${plain(approval.requestedBy)}; expires ${timeText(approval.expiresAt)}`,
      ...(approval.adjustments ?? []).map(({ by, reason }) => `    because (${plain(by)}): ${plain(reason)}`),
      ...(optionFlag(input, 'full') ? planLines(approval.plan, { style, full: false }).map((line) => `  ${line}`) : []),
    ]);
    return { exitCode: EXIT.done, data: value, lines: lines.length === 0 ? ['Nothing waits for approval.'] : lines };
  },
};
