import type { JournalBody, JournalEntry } from '../../api/journal.ts';
import { journalQuery } from '../../api/journal.ts';
import { isJsonObject } from '../../json.ts';
import { EXIT } from '../exit-code.ts';
import { checked, nameArgument, optionFlag, optionText } from '../input.ts';
import { differenceLines, OF_A_FINDING } from '../plan-view.ts';
import { resourceText } from '../resource-name.ts';
import { plain, type Style } from '../style.ts';
import { flowed, timeText, USUAL_COLUMNS, valueText, wrapped } from '../text.ts';
import { readTime, SOME_TIME, timeByApp } from '../time-input.ts';
import type { Verb } from '../verb.ts';

/** So many answers are read with --all; a journal without end must not fill the memory. */
const MOST_PAGES = 500;

export const journalVerb: Verb = {
  name: 'journal',
  args: [{ name: '[name]', description: 'only what is about this baseline' }],
  summary: 'read what was done, what was not, and why',
  description:
    'Shows the newest entries, the latest last. With --since, reads on from that time, and with --all from the beginning. The order within an answer is always the same: oldest first.',
  options: [
    {
      flags: '--since <time>',
      description: 'from this time on, oldest first: 2026-03-01T09:30:00Z, or 90m, 4h, 2d ago',
    },
    { flags: '--resource <id>', description: 'only what is about this ARM id' },
    { flags: '--operation <id>', description: 'only what belongs to this operation' },
    { flags: '--limit <count>', description: 'at most so many entries in one answer' },
    { flags: '--continuation <text>', description: 'go on where the answer before ended: back, or on with --since' },
    { flags: '--all', description: 'everything from the beginning, or from --since, to the end' },
    { flags: '--full', description: 'before and after of each entry too' },
  ],
  examples: [
    'hubkeeper journal prod',
    'hubkeeper journal prod --since 2h',
    'hubkeeper journal prod --operation prod-17 --full',
    'hubkeeper journal prod --all --json | jq \'.entries[] | select(.decision == "refused")\'',
  ],
  async run(context, input) {
    const since = optionText(input, 'since');
    const time = since === undefined ? undefined : readTime('since', since);
    const all = optionFlag(input, 'all');
    const isNewest = since === undefined && !all;
    const wanted = {
      baseline: input.args[0] === undefined ? undefined : nameArgument(input.args[0]),
      since: time === undefined ? undefined : SOME_TIME,
      resource: optionText(input, 'resource'),
      operation: optionText(input, 'operation'),
      limit: optionText(input, 'limit'),
      continuation: optionText(input, 'continuation'),
      order: isNewest ? 'newest' : undefined,
    };
    checked(journalQuery, wanted);
    const query =
      time === undefined ? wanted : { ...wanted, since: await timeByApp(context.world, context.client, 'since', time) };
    let page: JournalBody = (await context.client.journal(query)).value;
    const entries: JournalEntry[] = [...page.entries];
    for (let pages = 1; all && typeof page.next === 'string' && pages < MOST_PAGES; pages += 1) {
      page = (await context.client.journal({ ...query, continuation: page.next })).value;
      entries.push(...page.entries);
    }
    const { isTTY, columns = USUAL_COLUMNS } = context.world.stdout;
    const view = {
      style: context.style,
      full: optionFlag(input, 'full'),
      // What goes elsewhere is searched line by line.
      columns: isTTY === true ? columns : Number.POSITIVE_INFINITY,
    };
    const lines = entries.flatMap((entry) => entryLines(entry, view));
    if (entries.length === 0) lines.push('Nothing in the journal for this.');
    if (typeof page.next === 'string') {
      const way = `--continuation ${plain(page.next)}, or --all`;
      lines.push('', isNewest ? `Earlier entries: --since 2d, ${way}` : `More: ${way}`);
    }
    return { exitCode: EXIT.done, data: { ...page, entries, next: page.next ?? null }, lines };
  },
};

interface JournalView {
  readonly style: Style;
  readonly full: boolean;
  /** Characters in a line. */
  readonly columns: number;
}

function entryLines(entry: JournalEntry, { style, full, columns }: JournalView): string[] {
  const resource =
    entry.resource === null || entry.resource === undefined || entry.resource === ''
      ? ''
      : style.bold(resourceText(entry.resource));
  const from = [entry.baseline, entry.operationId, entry.trigger, entry.by]
    .filter((text) => typeof text === 'string' && text !== '')
    .map((text) => plain(String(text)));
  const lines = [
    ...flowed(
      [`${timeText(entry.at)}  ${style.cyan(plain(entry.decision))}`, resource, style.dim(from.join(' · '))],
      columns,
      '    ',
    ),
    ...wrapped(plain(entry.reason), columns, '    '),
  ];
  if (!full && entry.decision.startsWith('drift ')) lines.push(...shownDifferences(entry, style));
  const [before, after] = isFinding(entry) ? ['found:    ', 'declared: '] : ['before: ', 'after:  '];
  if (full && entry.before !== undefined)
    lines.push(`    ${before}${valueText(entry.before, Number.POSITIVE_INFINITY)}`);
  if (full && entry.after !== undefined) lines.push(`    ${after}${valueText(entry.after, Number.POSITIVE_INFINITY)}`);
  return lines;
}

/** Whether the entry is about what differs, and changes nothing: its sides are as found, and as declared. */
function isFinding({ decision, before, after }: JournalEntry): boolean {
  const isOfDrift = decision.startsWith('drift ') || decision === 'waiting' || decision === 'refused';
  return isOfDrift && isJsonObject(before) && isJsonObject(after);
}

/** Of a drift: as found, and as declared. */
function shownDifferences({ before, after }: JournalEntry, style: Style): string[] {
  const [found, declared] = [before, after].map((side) => (isJsonObject(side) ? side : {}));
  return [...new Set([...Object.keys(found ?? {}), ...Object.keys(declared ?? {})])].flatMap((path) => {
    const [was, wanted] = [found?.[path], declared?.[path]];
    const difference = {
      path,
      ...(was === undefined ? {} : { before: was }),
      ...(wanted === undefined ? {} : { after: wanted }),
    };
    return differenceLines(difference, style, false, '    ', OF_A_FINDING);
  });
}
