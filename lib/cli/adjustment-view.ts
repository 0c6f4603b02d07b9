import type { AdjustmentBody, AdjustmentEffectBody } from '../api/adjustment.ts';
import { readFirewallPublicIpValue } from '../baseline/firewall-public-ip-value.ts';
import { briefText } from '../egress/adjustment-effect.ts';
import { resourceText } from './resource-name.ts';
import { plain, type Style } from './style.ts';
import { table, timeText, valueText, wrapped } from './text.ts';

const LONGEST_VALUE = 30;

/** What comes of an adjustment, or of its end, line by line. `untilIso`: the end of the one that overrides others. */
export function effectLines(effect: AdjustmentEffectBody | undefined, style: Style, untilIso = ''): string[] {
  if (effect === undefined) return [];
  const { overrides, countAgain, takesOff, deletes, keeps } = effect;
  return [
    ...overrides.map(
      (other) => `It overrides ${plain(briefText([other]))} until ${timeText(untilIso)}${againText(other, untilIso)}.`,
    ),
    ...countAgain.map((other) => `${plain(briefText([other]))} counts again${untilText(other)}.`),
    ...(takesOff.length === 0
      ? []
      : [style.yellow(`Off the firewall go ${listed(takesOff)}: connections on them break.`)]),
    ...(deletes.length === 0
      ? []
      : [
          `${style.red(`Deleted ${deletes.length === 1 ? 'is' : 'are'} ${listed(deletes)}`)}: nobody gets ${deletes.length === 1 ? 'it' : 'them'} back; only what an adjustment has under "reserved" is kept.`,
        ]),
    ...keeps.map(({ name, until }) => `Kept until ${timeText(until)}, on no firewall: ${plain(name)}.`),
  ];
}

/** Whether connections break, or something is lost for good: a person is asked first. */
export function isRisky(effect: AdjustmentEffectBody | undefined): boolean {
  return effect !== undefined && (effect.takesOff.length > 0 || effect.deletes.length > 0);
}

function againText({ until }: AdjustmentBody, untilIso: string): string {
  return until === null || Date.parse(until) > Date.parse(untilIso) ? '; then that counts again' : '';
}

function untilText({ until }: AdjustmentBody): string {
  return until === null ? '' : ` until ${timeText(until)}`;
}

function listed(names: readonly string[]): string {
  return names.map(plain).join(', ');
}

/** Only the number of the addresses of a firewall; other values as they are. */
function shortValue({ kind, value }: Pick<AdjustmentBody, 'kind' | 'value'>): string {
  const addresses = kind === 'firewallPublicIpCount' ? readFirewallPublicIpValue(value) : undefined;
  return addresses === undefined ? valueText(value, LONGEST_VALUE) : `${addresses.count}`;
}

/** `4 (1 reserved)` of the addresses of a firewall. */
function valueInForce(adjustment: AdjustmentBody): string {
  const reserved = adjustment.keeps?.length ?? 0;
  return reserved === 0 ? shortValue(adjustment) : `${shortValue(adjustment)} (${reserved} reserved)`;
}

/** The adjustments of a baseline, each with its reason below it. */
export function adjustmentLines(adjustments: readonly AdjustmentBody[], style: Style, columns: number): string[] {
  if (adjustments.length === 0) return ['Adjustments: none'];
  const [heading = '', ...rows] = table(
    ['ID', 'KIND', 'TARGET', 'VALUE', 'UNTIL'],
    adjustments.map((adjustment) => [
      plain(adjustment.id),
      plain(adjustment.kind),
      resourceText(adjustment.target),
      valueInForce(adjustment),
      adjustment.until === null ? 'not needed' : timeText(adjustment.until),
    ]),
  );
  return [
    'Adjustments:',
    `  ${heading}`,
    ...adjustments.flatMap(({ reason, overriddenBy }, index) => [
      `  ${rows[index] ?? ''}`,
      ...wrapped(plain(reason), columns, '    '),
      ...(overriddenBy === undefined
        ? []
        : [`    ${style.yellow(`does not count now: ${plain(overriddenBy)} overrides it`)}`]),
    ]),
  ];
}
