import { pauseRequest } from '../../api/pause.ts';
import { EXIT } from '../exit-code.ts';
import { checked, optionText } from '../input.ts';
import type { Verb } from '../verb.ts';
import { pauseLines } from './status.ts';

export const pauseVerb: Verb = {
  name: 'pause',
  args: [],
  summary: 'global stop switch: no baseline starts another write',
  options: [{ flags: '--reason <text>', description: 'why', required: true }],
  examples: ["hubkeeper pause --reason 'Azure outage in West Europe'", 'hubkeeper resume'],
  async run(context, input) {
    const { reason } = checked(pauseRequest, { reason: optionText(input, 'reason') });
    const { value } = await context.client.pause(reason);
    return {
      exitCode: EXIT.done,
      data: value,
      lines: ['Paused: nothing is written any more.', `End it: ${context.command} resume`],
    };
  },
};

export const resumeVerb: Verb = {
  name: 'resume',
  args: [],
  summary: 'end the pause',
  options: [],
  examples: ['hubkeeper resume'],
  async run(context) {
    const { value } = await context.client.resume();
    if (!value.paused) return { exitCode: EXIT.done, data: value, lines: ['Not paused any more.'] };
    return {
      exitCode: EXIT.failed,
      data: value,
      lines: [
        ...pauseLines(value, context.style),
        'An app setting keeps it so: an administrator of the app has to change it.',
      ],
    };
  },
};
