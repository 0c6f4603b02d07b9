import type { OpenReactionBody } from '../api/reaction.ts';
import { resourceText } from './resource-name.ts';
import { plain, type Style } from './style.ts';
import { timeText, wrapped } from './text.ts';

export interface ReactionViewOptions {
  readonly style: Style;
  /** Characters in a line. */
  readonly columns: number;
  /** How a person reads of it: `hubkeeper journal prod`. */
  readonly journalCommand: string;
}

/** What a reaction has not come to the end of, with why: `Egress: alert open since …, not acted on: …`. */
export function reactionLines(
  reactions: readonly OpenReactionBody[],
  { style, columns, journalCommand }: ReactionViewOptions,
): string[] {
  return reactions.flatMap((reaction) => {
    const { why, at, until, code } = reaction;
    const when = at === null ? '' : ` (${timeText(at)})`;
    const told = why === '' ? (code === '' ? '' : `${plain(code)}${when}: ${journalCommand}`) : `${plain(why)}${when}`;
    const rest = reaction.state === 'givenUp' && until !== null ? [`rests until ${timeText(until)}`] : [];
    return [
      ...wrapped(style.yellow(reactionText(reaction)), columns),
      ...wrapped(resourceText(reaction.target), columns, '  '),
      ...[told, ...rest].filter((text) => text !== '').flatMap((text) => wrapped(text, columns, '  ')),
    ];
  });
}

/** The same in one line, without the reasons. */
export function reactionText(reaction: OpenReactionBody): string {
  const { kind, openSince, openAlertCount, valuePercent } = reaction;
  const value = valuePercent === null ? '' : `, ${Math.round(valuePercent * 10) / 10} % as it said`;
  const alerts = openAlertCount === 1 ? 'alert' : `${openAlertCount} alerts`;
  const cause = openSince === null ? [] : [`${alerts} open since ${timeText(openSince)}${value}`];
  const short =
    openSince === null && reaction.state === 'nothingUnderWay' ? ['ports are short as far as is known'] : [];
  return `${areaOf(kind)}: ${[...cause, ...short, stateText(reaction)].join(', ')}`;
}

function areaOf(kind: OpenReactionBody['kind']): string {
  switch (kind) {
    case 'relieveSnatExhaustion':
      return 'Egress';
    case 'remediateDrift':
      return 'Drift';
  }
}

function stateText({ state, code, operationId }: OpenReactionBody): string {
  switch (state) {
    case 'looking':
      return 'being looked at';
    case 'waiting':
      return 'waits for the firewall or its metrics';
    case 'acting':
      return `acted on${operationId === null ? '' : ` by ${plain(operationId)}`}`;
    case 'nothingUnderWay':
      return WORDS[code] ?? `nothing is under way${code === '' ? '' : `: ${plain(code)}`}`;
    case 'givenUp':
      return 'given up for now';
  }
}

/** What the last look came to, in words, where that is most of what happens. */
const WORDS: Readonly<Record<string, string>> = {
  ModeOff: 'not acted on: egress.mode is off',
  ModeObserve: 'not acted on: egress.mode is observe',
  UtilizationAcceptable: 'nothing to do: the ports suffice',
  Relieved: 'relieved',
};
