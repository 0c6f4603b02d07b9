import { reconcileRequest } from '../../api/baseline.ts';
import { plan } from '../../api/plan.ts';
import { CliError } from '../cli-error.ts';
import { followOperation, followOptions, startedResult, watchingOf } from '../followed-result.ts';
import { checked, nameArgument, optionText } from '../input.ts';
import { planLines } from '../plan-view.ts';
import type { Verb } from '../verb.ts';

export const reconcileVerb: Verb = {
  name: 'reconcile',
  args: [{ name: '<name>', description: 'name of the baseline' }],
  summary: 'run the loop for a stored baseline now',
  options: [
    { flags: '--scope <scope>', description: 'only a part: egress, gateway, hub, spoke:NAME, or an ARM id' },
    { flags: '--plan <hash>', description: 'exactly the plan with this hash, or nothing' },
    ...followOptions,
  ],
  examples: [
    'hubkeeper reconcile prod',
    'hubkeeper reconcile prod --scope egress',
    'hubkeeper reconcile prod --plan $(hubkeeper plan prod --json | jq -r .hash)',
  ],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    const watching = watchingOf(input);
    const request = checked(reconcileRequest, {
      scope: optionText(input, 'scope'),
      planHash: optionText(input, 'plan'),
    });
    const { value } = await context.client.reconcile(name, request).catch((error: unknown) => {
      // A stale hash: the answer carries the plan that holds now.
      if (error instanceof CliError && error.status === 409) {
        const parsed = plan.safeParse(
          typeof error.body === 'object' && error.body !== null && 'plan' in error.body ? error.body.plan : undefined,
        );
        if (parsed.success)
          context.say(['The plan as it is now:', '', ...planLines(parsed.data, { style: context.style, full: false })]);
      }
      throw error;
    });
    const what = `Operation ${value.operationId} reconciles ${name}.`;
    if (input.options.wait === false) return startedResult(context, value.operationId, what, value);
    context.say([what]);
    return followOperation(context, watching, value.operationId);
  },
};
