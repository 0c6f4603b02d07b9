import type { HttpResponseInit } from '@azure/functions';
import { check, errorOf } from '../lib/api/errors.ts';
import { type JournalQuery, journalQuery } from '../lib/api/journal.ts';
import { baselineNotFound } from '../lib/state/baseline-store.ts';
import { isJournalRow, type JournalQuery as StoredJournalQuery } from '../lib/state/journal.ts';
import { UnknownPositionError } from '../lib/state/storage.ts';
import type { App } from './composition.ts';
import { ApiProblem, answer, type Call, register, valid } from './http.ts';

export function registerJournal(appOf: () => App): void {
  register('readJournal', appOf, readJournal);
}

/** Separates baseline and position in a continuation. */
const SEPARATOR = '~';

export async function readJournal({ app, request, nowIso }: Call): Promise<HttpResponseInit> {
  const query = valid(check(journalQuery, Object.fromEntries(request.query.entries()), 'query'));
  if (query.baseline !== undefined && (await app.baselines.read(query.baseline)) === null)
    throw baselineNotFound(query.baseline);
  const names = query.baseline === undefined ? await app.baselines.names() : [query.baseline];
  if (query.order === 'newest') return newestPage(app, names, query, nowIso);
  const [resumeAt, position] =
    query.continuation === undefined ? [names[0], undefined] : splitContinuation(query.continuation);
  const at = names.indexOf(resumeAt ?? '');
  if (at < 0 && query.continuation !== undefined) throw foreignContinuation();
  if (names.length === 0) return answer(200, { entries: [], next: null });
  const baseline = names[at] ?? '';
  const wanted = {
    baseline,
    ...filterOf(query),
    ...(position === undefined || position === '' ? {} : { next: position }),
  };
  const page = await app.journal.read(wanted).catch((error: unknown) => {
    throw error instanceof UnknownPositionError ? foreignContinuation() : error;
  });
  const following = names[at + 1];
  const next =
    page.next !== undefined
      ? `${baseline}${SEPARATOR}${page.next}`
      : following === undefined
        ? null
        : `${following}${SEPARATOR}`;
  return answer(200, { entries: page.entries, next });
}

async function newestPage(
  app: App,
  baselines: readonly string[],
  query: JournalQuery,
  nowIso: string,
): Promise<HttpResponseInit> {
  const { continuation } = query;
  if (continuation !== undefined && !isJournalRow(continuation)) throw foreignContinuation();
  const page = await app.journal.readNewest({
    baselines,
    ...filterOf(query),
    ...(continuation === undefined ? {} : { before: continuation }),
    nowMs: Date.parse(nowIso),
  });
  return answer(200, { entries: page.entries, next: page.before ?? null });
}

function filterOf({ since, resource, operation, limit }: JournalQuery): Omit<StoredJournalQuery, 'baseline' | 'next'> {
  return {
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(resource === undefined ? {} : { resource }),
    ...(operation === undefined ? {} : { operation }),
    ...(limit === undefined ? {} : { limit }),
  };
}

function foreignContinuation(): ApiProblem {
  return new ApiProblem([
    errorOf('InvalidRequest', 'The continuation does not belong to this query.', {
      path: 'query.continuation',
      remedy: 'Pass `next` of the answer before as it is, or leave the continuation out.',
    }),
  ]);
}

function splitContinuation(text: string): readonly [string, string] {
  const at = text.indexOf(SEPARATOR);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
