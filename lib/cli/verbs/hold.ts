import { holdRequest } from '../../api/hold.ts';
import { EXIT } from '../exit-code.ts';
import { checked, nameArgument, optionText } from '../input.ts';
import { plain } from '../style.ts';
import { timeText } from '../text.ts';
import { readTime, SOME_TIME, timeByApp, UNTIL_TEXT } from '../time-input.ts';
import type { Verb } from '../verb.ts';

export const holdVerb: Verb = {
  name: 'hold',
  args: [{ name: '<name>', description: 'name of the baseline' }],
  summary: 'hold a baseline, or a part of it, during an incident',
  description: 'Nothing in the scope is written until the hold ends or is released.',
  options: [
    { flags: '--reason <text>', description: 'why', required: true },
    { flags: '--until <time>', description: UNTIL_TEXT, required: true },
    { flags: '--owner <name>', description: 'who answers for the incident', required: true },
    { flags: '--scope <scope>', description: 'only a part: egress, gateway, hub, spoke:NAME, or an ARM id' },
  ],
  examples: [
    "hubkeeper hold prod --reason 'INC-4711: packet loss' --until 4h --owner network-duty",
    "hubkeeper hold prod --scope egress --reason 'Vendor case' --until 2026-03-01T18:00:00Z --owner network-duty",
  ],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    const time = readTime('until', optionText(input, 'until') ?? '');
    const request = checked(holdRequest, {
      owner: optionText(input, 'owner'),
      reason: optionText(input, 'reason'),
      until: SOME_TIME,
      scope: optionText(input, 'scope'),
    });
    const until = await timeByApp(context.world, context.client, 'until', time);
    const { value } = await context.client.hold(name, { ...request, until });
    return {
      exitCode: EXIT.done,
      data: value,
      lines: [
        `${name} (${plain(value.scope ?? 'everything')}) is on hold until ${timeText(value.until)}.`,
        `Release it: ${context.command} release ${name}`,
      ],
    };
  },
};

export const releaseVerb: Verb = {
  name: 'release',
  args: [{ name: '<name>', description: 'name of the baseline' }],
  summary: 'release a hold',
  options: [],
  examples: ['hubkeeper release prod'],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    await context.client.release(name);
    return { exitCode: EXIT.done, data: { name, hold: null }, lines: [`${name} is not on hold any more.`] };
  },
};
