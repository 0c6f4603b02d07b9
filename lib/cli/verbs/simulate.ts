import { kindOf } from '../../baseline/kinds/index.ts';
import { validateSpecValue } from '../../baseline/validate.ts';
import type { JsonObject } from '../../json.ts';
import { usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { nameArgument, optionText } from '../input.ts';
import { resourceText } from '../resource-name.ts';
import { ruleToOpen, withRuleOpen } from '../simulated-drift.ts';
import { plain } from '../style.ts';
import type { Context, Verb, VerbInput, VerbResult } from '../verb.ts';

const PORTS = /^(?<protocol>TCP|UDP)=(?<ports>\d{1,9})$/i;

/** Who it was, unless somebody else is named. */
const COLLEAGUE = 'colleague';
const PRINCIPAL = /^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/;

export const simulateVerb: Verb = {
  name: 'simulate',
  args: [
    { name: '<what>', description: 'snat: SNAT ports in use on the firewall; drift: a colleague opens a port' },
    { name: '<name>', description: 'the baseline' },
  ],
  summary: 'let something happen in the simulated Azure that npm start runs',
  description:
    'snat: of each firewall 2,496 ports for each address on each instance can be in use: three addresses on two instances have 14,976. Above the threshold of the spec an alert fires after a few simulated minutes. drift: a colleague opens an inbound rule of a security group of the baseline to the Internet, which is seen within a simulated minute. Follow both with hubkeeper journal.',
  options: [
    { flags: '--ports <protocol=count>', description: 'snat: ports in use, such as TCP=13000 or TCP=13000,UDP=200' },
    {
      flags: '--resource <group>',
      description: 'drift: name or ARM id of the security group; by default the first that lets some addresses in',
    },
    { flags: '--as <name>', description: `drift: who does it; by default ${COLLEAGUE}` },
  ],
  examples: [
    'hubkeeper simulate snat aks-baseline --ports TCP=13000',
    'hubkeeper simulate snat aks-baseline --ports TCP=500,UDP=40',
    'hubkeeper simulate drift aks-baseline',
    'hubkeeper simulate drift aks-baseline --resource nsg-vnet-spoke-bu0001a0008-snet-privatecluster --as kim',
  ],
  async run(context, input) {
    const [what, name] = input.args;
    switch (what) {
      case 'snat':
        return simulateSnat(context, input, name);
      case 'drift':
        return simulateDrift(context, input, name);
      default:
        throw usageError(
          `There is nothing to simulate under '${plain(what ?? '')}'.`,
          "Write 'snat' or 'drift'.",
          'WHAT',
        );
    }
  },
};

async function simulateSnat(context: Context, input: VerbInput, name: string | undefined): Promise<VerbResult> {
  const ports = portsOf(optionText(input, 'ports') ?? '');
  const { value } = await context.client.egressAddresses(nameArgument(name));
  const firewall = value.addresses.find(({ through }) => /\/azureFirewalls\/[^/]+$/i.test(through))?.through;
  if (firewall === undefined)
    throw usageError(`The baseline '${plain(name ?? '')}' has no firewall.`, 'Name another one.', 'NAME');
  await context.client.simulate('PUT', 'traffic', { firewalls: { [firewall]: { snatPortsInUse: ports } } });
  const text = Object.entries(ports).map(([protocol, count]) => `${count} ${protocol} ports`);
  return {
    exitCode: EXIT.done,
    data: { firewall, snatPortsInUse: ports },
    lines: [
      `${resourceText(firewall)} has ${text.join(' and ')} in use.`,
      `What comes of it: ${context.command} journal ${plain(name ?? '')}`,
    ],
  };
}

async function simulateDrift(context: Context, input: VerbInput, name: string | undefined): Promise<VerbResult> {
  const principal = optionText(input, 'as') ?? COLLEAGUE;
  if (!PRINCIPAL.test(principal))
    throw usageError(`--as is no name: ${plain(principal)}.`, 'Write letters and digits, such as kim.', '--as');
  const { value } = await context.client.getBaseline(nameArgument(name));
  const todayIso = new Date(context.world.nowMs()).toISOString().slice(0, 10);
  const validated = validateSpecValue(value.spec as JsonObject, { todayIso });
  const group = optionText(input, 'resource');
  const found = validated.ok ? ruleToOpen(validated.resolved, group) : undefined;
  if (!validated.ok || found === undefined)
    throw usageError(
      `The baseline '${plain(name ?? '')}' has no security group${group === undefined ? '' : ` ${plain(group)}`} with a rule that could be opened.`,
      'Name one of its security groups that lets some addresses in, and not all.',
      group === undefined ? 'NAME' : '--resource',
    );
  const { groupId, rule } = found;
  const { apiVersion } = kindOf('networkSecurityGroup');
  await context.client.editSimulated({ id: groupId, apiVersion }, principal, (body) => withRuleOpen(body, rule));
  const { mode } = validated.spec.drift;
  return {
    exitCode: EXIT.done,
    data: { resource: groupId, rule, principal, driftMode: mode },
    lines: [
      `${principal} has opened the rule ${rule} of ${resourceText(groupId)} to the Internet.`,
      COMES[mode],
      `See it: ${context.command} status ${plain(name ?? '')}, ${context.command} journal ${plain(name ?? '')}`,
    ],
  };
}

/** What comes of a drift by `drift.mode`. */
const COMES = {
  off: "drift.mode is 'off': nobody looks for it.",
  observe:
    "It is found within a simulated minute. drift.mode is 'observe': it is only told; with 'act' it is put right.",
  propose: "It is found within a simulated minute. drift.mode is 'propose': it is put right when somebody approves it.",
  act: "It is found within a simulated minute, and put right: drift.mode is 'act'.",
} as const;

function portsOf(text: string): Readonly<Record<string, number>> {
  const ports: Record<string, number> = {};
  for (const part of text.split(',')) {
    const { protocol, ports: count } = PORTS.exec(part.trim())?.groups ?? {};
    if (protocol === undefined || count === undefined)
      throw usageError(
        `--ports is not PROTOCOL=COUNT: ${plain(part)}.`,
        'Write TCP=13000 or TCP=13000,UDP=200.',
        '--ports',
      );
    ports[protocol.toUpperCase()] = Number(count);
  }
  return ports;
}
