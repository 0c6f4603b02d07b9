import { usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { nameArgument, optionText } from '../input.ts';
import { resourceText } from '../resource-name.ts';
import { plain } from '../style.ts';
import type { Verb } from '../verb.ts';

const PORTS = /^(?<protocol>TCP|UDP)=(?<ports>\d{1,9})$/i;

export const simulateVerb: Verb = {
  name: 'simulate',
  args: [
    { name: '<what>', description: 'snat: SNAT ports in use on the firewall' },
    { name: '<name>', description: 'the baseline' },
  ],
  summary: 'change the traffic of the simulated Azure that npm start runs',
  description:
    'Of each firewall 2,496 ports for each address on each instance can be in use: three addresses on two instances have 14,976. Above the threshold of the spec an alert fires after a few simulated minutes; follow it with hubkeeper journal.',
  options: [
    {
      flags: '--ports <protocol=count>',
      description: 'ports in use, such as TCP=13000 or TCP=13000,UDP=200',
      required: true,
    },
  ],
  examples: [
    'hubkeeper simulate snat aks-baseline --ports TCP=13000',
    'hubkeeper simulate snat aks-baseline --ports TCP=500,UDP=40',
  ],
  async run(context, input) {
    const [what, name] = input.args;
    if (what !== 'snat')
      throw usageError(`There is nothing to simulate under '${plain(what ?? '')}'.`, "Write 'snat'.", 'WHAT');
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
        `What comes of it: hubkeeper journal ${plain(name ?? '')}`,
      ],
    };
  },
};

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
