import { exitCodeOf } from '../follow.ts';
import { endLines, followOperation, followOptions, watchingOf } from '../followed-result.ts';
import { operationArgument } from '../input.ts';
import type { Verb } from '../verb.ts';

export const followVerb: Verb = {
  name: 'follow',
  args: [{ name: '<operation>', description: 'id of the operation' }],
  summary: 'watch an operation to its end',
  options: [
    {
      flags: '--no-wait',
      description: 'show how it stands now and come back at once: 0 too while it goes on by itself',
    },
    ...followOptions.filter((option) => option.flags !== '--no-wait'),
  ],
  examples: ['hubkeeper follow prod-17', 'hubkeeper follow prod-17 --no-wait --json | jq .state'],
  async run(context, input) {
    const id = operationArgument(input.args[0]);
    const watching = watchingOf(input);
    if (input.options.wait !== false) return followOperation(context, watching, id);
    const { value } = await context.client.getOperation(id);
    return { exitCode: exitCodeOf(value), data: value, lines: await endLines(context, value) };
  },
};
