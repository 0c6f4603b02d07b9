import { shortened } from '../azure/arm-answer.ts';
import { countText } from '../count-text.ts';
import type { ChangeOrigin, KnownForeignEntry } from '../drift/drift-record.ts';
import type { ForeignNews } from '../drift/see-foreign.ts';
import { someOf } from '../plan/node-changes.ts';
import type { JournalEntry } from '../state/journal.ts';

/** Names and descriptions are text of others: as much of one is shown. */
const LONGEST_NAME = 200;
const LONGEST_DESCRIPTION = 300;

const DECISION: Readonly<Record<ForeignNews['change'], string>> = {
  found: 'foreign entry found',
  foundAtFirst: 'foreign entries found',
  foundMore: 'foreign entries found',
  changed: 'foreign entry changed',
  gone: 'foreign entry gone',
  declared: 'foreign entry gone',
  notDeclared: 'foreign entry gone',
};

/** The journal line of what is new of the entries of others. `originText`: a sentence about who changed a resource last. */
export function lineOfForeign(
  news: ForeignNews,
  originText: (origin: ChangeOrigin) => string,
): Pick<JournalEntry, 'resource' | 'decision' | 'reason' | 'discriminator'> {
  const [first, ...others] = news.entries;
  const isOne = first !== undefined && others.length === 0 && news.count === 1 && news.id !== '';
  return {
    resource: news.id,
    decision: DECISION[news.change],
    reason: isOne ? reasonOfOne(news.change, first, originText) : reasonOfSeveral(news),
    discriminator: isOne ? `${news.change} ${first.path}` : news.change,
  };
}

function reasonOfOne(
  change: ForeignNews['change'],
  entry: KnownForeignEntry,
  originText: (origin: ChangeOrigin) => string,
): string {
  const who = entry.origin === null ? 'No event has told by whom.' : originText(entry.origin);
  switch (change) {
    case 'changed':
      return `${nameOf(entry)}, which others have added, has changed${contentOf(entry)}. It is not touched. ${who}`;
    case 'gone':
      return `${nameOf(entry)}, which others had added, is gone.`;
    case 'declared':
      return `${nameOf(entry)}, which others had added, is declared now.`;
    case 'notDeclared':
      return `${nameOf(entry)}, which others have added, is no longer looked at: nobody declares the resource.`;
    default:
      return `Others have added ${nameOf(entry)}${contentOf(entry)}. It is not touched. ${who}`;
  }
}

function reasonOfSeveral({ change, entries, count, id }: ForeignNews): string {
  const shown = entries.slice(0, 3).map((entry) => nameOf(entry, id === ''));
  const rest = count - shown.length;
  const names = `${someOf(shown)}${rest > 0 && shown.length > 0 ? ` and ${rest} more` : ''}`;
  const counted = countText(count, 'entry', 'entries');
  switch (change) {
    case 'foundAtFirst':
      return `${counted} of others ${count === 1 ? 'is' : 'are'} in resources of the baseline and not touched: ${names}. The status lists them.`;
    case 'foundMore':
      return `More entries of others are in resources of the baseline than are listed: ${count} more. None is touched.`;
    case 'changed':
      return `${counted} that others have added have changed: ${names}. None is touched.`;
    case 'gone':
      return `${counted} that others had added are gone: ${names}.`;
    case 'declared':
      return `${counted} that others had added are declared now: ${names}.`;
    case 'notDeclared':
      return `${counted} of others are no longer looked at, since nobody declares the resource: ${names}.`;
    default:
      return `Others have added ${counted}: ${names}. None is touched.`;
  }
}

function nameOf({ id, path }: KnownForeignEntry, withResource = false): string {
  const name = shortened(path, LONGEST_NAME);
  return withResource ? `${name} of ${shortened(id.slice(id.lastIndexOf('/') + 1), LONGEST_NAME)}` : name;
}

function contentOf({ description }: KnownForeignEntry): string {
  return description === '' ? '' : `: ${shortened(description, LONGEST_DESCRIPTION)}`;
}
