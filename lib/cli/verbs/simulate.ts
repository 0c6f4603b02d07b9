import type { BaselineBody } from '../../api/baseline.ts';
import type { PauseBody } from '../../api/pause.ts';
import { kindOf } from '../../baseline/kinds/index.ts';
import type { BaselineSpec } from '../../baseline/spec.ts';
import { validateSpecValue } from '../../baseline/validate.ts';
import type { JsonObject } from '../../json.ts';
import { sameId } from '../../plan/graph.ts';
import { usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { nameArgument, optionText } from '../input.ts';
import { resourceText } from '../resource-name.ts';
import { type RuleToOpen, ruleStanding, ruleToOpen, withRuleOpen } from '../simulated-drift.ts';
import { plain } from '../style.ts';
import { timeText } from '../text.ts';
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

/** @throws CliError (exit code 2) for an option that is for something else: it would change nothing. */
function refuse(input: VerbInput, what: string, ...options: readonly string[]): void {
  const given = options.find((option) => optionText(input, option) !== undefined);
  if (given !== undefined)
    throw usageError(`simulate ${what} takes no --${given}.`, 'Leave the option out.', `--${given}`);
}

async function simulateSnat(context: Context, input: VerbInput, name: string | undefined): Promise<VerbResult> {
  refuse(input, 'snat', 'resource', 'as');
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
  refuse(input, 'drift', 'ports');
  const principal = optionText(input, 'as') ?? COLLEAGUE;
  if (!PRINCIPAL.test(principal))
    throw usageError(`--as is no name: ${plain(principal)}.`, 'Write letters and digits, such as kim.', '--as');
  const { value } = await context.client.getBaseline(nameArgument(name));
  const todayIso = new Date(context.world.nowMs()).toISOString().slice(0, 10);
  const validated = validateSpecValue(value.spec as JsonObject, { todayIso });
  const group = optionText(input, 'resource');
  const declared = validated.ok ? ruleToOpen(validated.resolved, group) : undefined;
  if (!validated.ok || declared === undefined)
    throw usageError(
      `The baseline '${plain(name ?? '')}' has no security group${group === undefined ? '' : ` ${plain(group)}`} with a rule that could be opened.`,
      'Name one of its security groups that lets some addresses in, and not all.',
      group === undefined ? 'NAME' : '--resource',
    );
  const { groupId, rule } = declared;
  const { apiVersion } = kindOf('networkSecurityGroup');
  const found = await context.client.editSimulated({ id: groupId, apiVersion }, principal, (body) =>
    ruleStanding(body, rule) === 'closed' ? withRuleOpen(body, rule) : null,
  );
  const before = ruleStanding(found, rule);
  const { mode } = validated.spec.drift;
  const data = { resource: groupId, rule, principal, driftMode: mode, changed: before === 'closed' };
  const what = `the rule ${rule} of ${resourceText(groupId)}`;
  if (before === 'missing')
    throw usageError(`Somebody has deleted ${what}.`, 'Name another group with --resource.', '--resource');
  const pause = (await context.client.getPause()).value;
  return {
    exitCode: EXIT.done,
    data,
    lines: [
      before === 'open'
        ? `Nothing is changed: ${what} is open to the Internet already.`
        : `${principal} has opened ${what} to the Internet.`,
      comes(mode, pause, value, { groupId, rule }),
      `See it: ${context.command} status ${plain(name ?? '')}, ${context.command} journal ${plain(name ?? '')}`,
    ],
  };
}

/** What comes of a drift by `drift.mode`, and by what is in the way as far as it can be seen from here. */
function comes(
  mode: BaselineSpec['drift']['mode'],
  pause: PauseBody,
  baseline: BaselineBody,
  opened: RuleToOpen,
): string {
  switch (mode) {
    case 'off':
      return "drift.mode is 'off': nobody looks for it.";
    case 'observe':
      return "It is found within a simulated minute. drift.mode is 'observe': it is only told; with 'act' it is put right.";
    case 'propose':
    case 'act': {
      const bound = boundText(pause, baseline, opened);
      const how = mode === 'act' ? 'put right' : 'put right when somebody approves it';
      const then =
        bound ??
        `It is ${how}, as far as the baseline's mode, drift.policies, budgets, locks and change windows let it.`;
      return `It is found within a simulated minute. drift.mode is '${mode}'. ${then}`;
    }
  }
}

/** What keeps a rule from being put right now; undefined: nothing that is known here. */
function boundText(
  { paused }: PauseBody,
  { hold, drift }: BaselineBody,
  { groupId, rule }: RuleToOpen,
): string | undefined {
  if (paused) return 'Everything is paused: it stays until that ends.';
  if (hold) {
    const held = hold.scope === undefined ? 'The baseline is' : `A part of the baseline, ${plain(hold.scope)}, is`;
    const stays =
      hold.scope === undefined ? 'it stays until that ends' : 'where that covers it, it stays until that ends';
    return `${held} on hold until ${timeText(hold.until)}: ${stays}.`;
  }
  const conflict = drift?.conflicts.find(
    ({ id, path, stopped }) => stopped && sameId(id, groupId) && path.includes(`[${rule}]`),
  );
  return conflict === undefined
    ? undefined
    : `Somebody has changed it back so often that it is left alone until ${timeText(conflict.until)}.`;
}

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
