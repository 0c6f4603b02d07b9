import { EXIT } from '../exit-code.ts';
import { nameArgument } from '../input.ts';
import { resourceText } from '../resource-name.ts';
import { plain } from '../style.ts';
import { table, timeText } from '../text.ts';
import type { Verb } from '../verb.ts';

const STATE_TEXT = { inUse: 'in use', aboutToBeUsed: 'about to be used', reserved: 'reserved' } as const;

export const egressAddressesVerb: Verb = {
  name: 'egress-addresses',
  args: [{ name: '<name>', description: 'the baseline' }],
  summary: 'list egress addresses for the allow-lists of partners',
  description:
    'Allow the prefixes ahead of time: addresses that are added later come from them. A reserved address is not in use now and may come back; from the time that it is reserved until, it may be deleted.',
  options: [],
  examples: [
    'hubkeeper egress-addresses prod',
    'hubkeeper egress-addresses prod --json | jq -r \'.addresses[] | select(.state != "reserved") | .address\'',
    "hubkeeper egress-addresses prod --json | jq -r '.prefixes[].prefix'",
  ],
  async run(context, input) {
    const { value } = await context.client.egressAddresses(nameArgument(input.args[0] ?? ''));
    const lines = [
      ...(value.prefixes.length === 0
        ? []
        : [
            ...table(
              ['PREFIX', 'NAME', 'TAKEN', 'THROUGH'],
              value.prefixes.map(({ prefix, name, taken, addresses, through }) => [
                prefix === null ? 'none yet' : plain(prefix),
                plain(name),
                taken === null ? `? of ${addresses}` : `${taken} of ${addresses}`,
                resourceText(through),
              ]),
            ),
            '',
          ]),
      ...(value.addresses.length === 0
        ? ['No public addresses.']
        : table(
            ['ADDRESS', 'NAME', 'STATE', 'ORIGIN', 'THROUGH'],
            value.addresses.map(({ address, name, state, reservedUntil, origin, through }) => [
              address === null ? 'none yet' : plain(address),
              plain(name),
              reservedUntil === undefined ? STATE_TEXT[state] : `${STATE_TEXT[state]} until ${timeText(reservedUntil)}`,
              origin,
              resourceText(through),
            ]),
          )),
    ];
    return { exitCode: EXIT.done, data: value, lines };
  },
};
