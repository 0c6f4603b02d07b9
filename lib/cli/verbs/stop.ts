import { EXIT } from '../exit-code.ts';
import { operationArgument } from '../input.ts';
import type { Verb } from '../verb.ts';

export const stopVerb: Verb = {
  name: 'stop',
  args: [{ name: '<operation>', description: 'id of the operation' }],
  summary: 'stop an operation: nothing more is started',
  description: 'What Azure has begun is followed to its end. The rest is not started.',
  options: [],
  examples: ['hubkeeper stop prod-17'],
  async run(context, input) {
    const id = operationArgument(input.args[0]);
    const { value } = await context.client.stopOperation(id);
    return {
      exitCode: EXIT.done,
      data: value,
      lines: [
        `Operation ${id} starts nothing more; what is in flight ends.`,
        `Follow it: ${context.command} follow ${id}`,
      ],
    };
  },
};
