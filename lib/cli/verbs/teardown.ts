import { EXIT } from '../exit-code.ts';
import { followOperation, followOptions, watchingOf } from '../followed-result.ts';
import { nameArgument } from '../input.ts';
import { planLines } from '../plan-view.ts';
import type { Verb } from '../verb.ts';

export const teardownVerb: Verb = {
  name: 'teardown',
  args: [{ name: '<name>', description: 'name of the baseline' }],
  summary: 'remove what Hubkeeper made; waits for approval of the plan',
  description:
    'Shows the plan and its hash, then waits until somebody approves it and watches the removal.\nAdopted resources stay, and what others still use stays. With --no-wait it ends with code 3 at once.',
  options: [
    { flags: '--no-wait', description: 'ask for it and come back at once, with code 3' },
    ...followOptions.filter((option) => option.flags.startsWith('--timeout')),
  ],
  examples: ['hubkeeper teardown test', 'hubkeeper teardown test --yes --no-wait --json | jq -r .planHash'],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    const watching = watchingOf(input);
    if (!context.yes && !context.json) {
      const answer = await context.world.ask(`Ask for the teardown of ${name}? Type its name: `);
      if (answer !== null && answer.trim() !== name) {
        return { exitCode: EXIT.failed, data: { asked: false }, lines: ['Nothing was asked for.'] };
      }
    }
    const { value } = await context.client.teardown(name);
    const isEmpty = value.plan.changes.length === 0;
    const lines = [
      ...(isEmpty && value.plan.refused.length === 0
        ? [`Nothing of ${name} is left to remove.`]
        : planLines(value.plan, { style: context.style, full: false })),
      ...(isEmpty
        ? []
        : ['', `Nothing is removed before somebody approves it: ${context.command} approve ${value.planHash}`]),
    ];
    if (input.options.wait === false) {
      return {
        exitCode: isEmpty ? EXIT.done : EXIT.waitsForApproval,
        data: value,
        lines: [...lines, `Follow it: ${context.command} follow ${value.operationId}`],
      };
    }
    context.say(lines);
    return followOperation(context, { ...watching, waitForApproval: true }, value.operationId);
  },
};
