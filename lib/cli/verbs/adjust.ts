import { type AdjustmentEffectBody, adjustmentRequest } from '../../api/adjustment.ts';
import { effectLines, isRisky } from '../adjustment-view.ts';
import { usageError } from '../cli-error.ts';
import { mayBeAsked, saysYes } from '../confirm.ts';
import { EXIT } from '../exit-code.ts';
import { adjustmentArgument, checked, nameArgument, optionText } from '../input.ts';
import { resourceText } from '../resource-name.ts';
import { plain } from '../style.ts';
import { timeText, valueText } from '../text.ts';
import { readTime, SOME_TIME, timeByApp, UNTIL_TEXT } from '../time-input.ts';
import type { Context, Verb, VerbResult } from '../verb.ts';

export const adjustVerb: Verb = {
  name: 'adjust',
  args: [
    { name: '<name>', description: 'name of the baseline' },
    { name: '<id>', description: 'id of the adjustment; the same id again replaces it' },
  ],
  summary: 'change the desired state by hand, for a time',
  description:
    'The spec stays as it is and says the bounds. At its end the adjustment undoes itself. Of two adjustments of one firewall the newer one counts, whole, also where its number is the smaller one; the older one counts again when that has ended.\nOn a terminal you are asked first where addresses leave the firewall or are deleted.',
  options: [
    {
      flags: '--kind <kind>',
      description: 'what is adjusted: firewallPublicIpCount, networkSecurityRule',
      required: true,
    },
    {
      flags: '--target <target>',
      description: 'name or ARM id of what is adjusted: the firewall, a network security group',
      required: true,
    },
    { flags: '--value <value>', description: 'as JSON; text that is no JSON is taken as it is', required: true },
    { flags: '--reason <text>', description: 'why', required: true },
    { flags: '--until <time>', description: UNTIL_TEXT, required: true },
    { flags: '--scope <scope>', description: 'part of the baseline; by default that of the target' },
  ],
  examples: [
    "hubkeeper adjust aks-baseline more-ips --kind firewallPublicIpCount --target fw-westeurope --value 4 --reason 'Load test' --until 6h",
    `hubkeeper adjust aks-baseline partner --kind networkSecurityRule --target nsg-vnet-spoke-bu0001a0008-snet-clusternodes --value '{"name": "AllowPartner", "priority": 200, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefixes": ["203.0.113.0/24"], "destinationPortRanges": ["8443"]}' --reason 'Partner test' --until 4h`,
    'hubkeeper unadjust aks-baseline more-ips',
  ],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    const id = adjustmentArgument(input.args[1]);
    const time = readTime('until', optionText(input, 'until') ?? '');
    const request = checked(adjustmentRequest, {
      kind: optionText(input, 'kind'),
      scope: optionText(input, 'scope'),
      target: optionText(input, 'target'),
      value: jsonOrText(optionText(input, 'value') ?? ''),
      reason: optionText(input, 'reason'),
      until: SOME_TIME,
    });
    const until = await timeByApp(context.world, context.client, 'until', time);
    const wanted = { ...request, until };
    const question = `Adjust ${name} like this?`;
    if (!(await agreed(context, question, () => context.client.previewAdjust(name, id, wanted), until))) return NOTHING;
    const { value } = await context.client.adjust(name, id, wanted);
    const target = value.adjustment?.target ?? request.target;
    const effective = value.adjustment?.value ?? request.value;
    return {
      exitCode: EXIT.done,
      data: value,
      lines: [
        `${name}: ${request.kind} of ${resourceText(target)} is ${valueText(effective, 60)} until ${timeText(until)}.`,
        ...effectLines(value.effect, context.style, until),
        `Follow it: ${context.command} follow ${value.operationId}`,
      ],
    };
  },
};

export const unadjustVerb: Verb = {
  name: 'unadjust',
  args: [
    { name: '<name>', description: 'name of the baseline' },
    { name: '<id>', description: 'id of the adjustment' },
  ],
  summary: 'end an adjustment before its time',
  description: 'On a terminal you are asked first where addresses leave the firewall or are deleted.',
  options: [],
  examples: ['hubkeeper unadjust aks-baseline more-ips'],
  async run(context, input) {
    const name = nameArgument(input.args[0]);
    const id = adjustmentArgument(input.args[1]);
    const question = `End adjustment ${id} of ${name}?`;
    if (!(await agreed(context, question, () => context.client.previewUnadjust(name, id)))) return NOTHING;
    const { value } = await context.client.unadjust(name, id);
    return {
      exitCode: EXIT.done,
      data: value,
      lines: [
        `${name}: adjustment ${id} has ended.`,
        ...effectLines(value.effect, context.style),
        `Follow it: ${context.command} follow ${value.operationId}`,
      ],
    };
  },
};

const NOTHING: VerbResult = { exitCode: EXIT.failed, data: { changed: false }, lines: ['Nothing was changed.'] };

/** True unless a person, shown which addresses go, says no. */
async function agreed(
  context: Context,
  question: string,
  preview: () => Promise<{ readonly value: { readonly effect?: AdjustmentEffectBody | undefined } }>,
  untilIso?: string,
): Promise<boolean> {
  if (!mayBeAsked(context)) return true;
  const { effect } = (await preview()).value;
  if (!isRisky(effect)) return true;
  context.say(effectLines(effect, context.style, untilIso));
  return saysYes(context, question);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Names and addresses are no JSON, and nobody wants to quote them twice in a shell.
    if (!/^\s*[[{"]/.test(text)) return text;
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(
      `--value is not valid JSON: ${plain(why)}.`,
      'Correct it, and mind what the shell does with quotes.',
      '--value',
    );
  }
}
