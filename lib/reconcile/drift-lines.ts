import { shortened } from '../azure/arm-answer.ts';
import type { OutboundEvent } from '../azure/event-publisher.ts';
import { countText, differencesText } from '../count-text.ts';
import { authorText } from '../drift/author-text.ts';
import { type ContestEnd, restEndsAt } from '../drift/contest.ts';
import type { DriftNews } from '../drift/drift-news.ts';
import type { ChangeOrigin, Contest, Drift, DriftState, Failing } from '../drift/drift-record.ts';
import { parkedText } from '../drift/failing.ts';
import { FAILED_CODE } from '../plan/failed-state.ts';
import { normaliseId, sameId } from '../plan/graph.ts';
import type { Problem } from '../problem.ts';
import type { JournalEntry } from '../state/journal.ts';
import type { RunDocument } from '../state/run.ts';
import { lineOfForeign } from './foreign-lines.ts';

/** Names are text of others: as much of one is shown. */
const LONGEST_NAME = 100;

export type Line = Pick<JournalEntry, 'resource' | 'decision' | 'reason' | 'before' | 'after' | 'discriminator'>;

function nameOfAuthor({ author }: ChangeOrigin): string {
  return shortened(authorText(author), LONGEST_NAME);
}

/** The journal lines of a turn's news about drift. Pure. */
export function linesOfNews(run: RunDocument, news: readonly DriftNews[], at: string): readonly JournalEntry[] {
  const { baseline, operationId, trigger } = run;
  return news.flatMap((one) => {
    const line = lineOfNews(one);
    return line === undefined ? [] : [{ at, baseline, operationId, trigger, by: 'hubkeeper', ...line }];
  });
}

function lineOfNews(news: DriftNews): Line | undefined {
  switch (news.news) {
    case 'found':
      return lineOf(news.drift, 'drift found', `${whatHappened(news.drift)} ${whatWillBe(news.drift)}`);
    case 'changedAgain':
      return lineOf(news.drift, 'drift changed', `${whatHappened(news.drift, ' again')} ${whatWillBe(news.drift)}`);
    case 'explained':
      return lineOf(news.drift, 'drift explained', whatHappened(news.drift));
    case 'decided':
      return lineOfDecision(news.drift);
    case 'gone': {
      const why = news.isDeclared ? 'as declared again, and Hubkeeper did not write it' : 'no longer declared';
      return lineOf(news.drift, 'drift gone', `${subject(news.drift)} is ${why}.`);
    }
    case 'conflict':
      return {
        resource: news.contest.id,
        decision: 'writer conflict',
        reason: conflictText(news.contest),
        discriminator: news.contest.path,
      };
    case 'conflictOver':
      return {
        resource: news.end.contest.id,
        decision: 'writer conflict over',
        reason: `${whyOver(news.end)} Hubkeeper puts ${nameOf(news.end.contest)} right again.`,
        discriminator: news.end.contest.path,
      };
    case 'foreign':
      return lineOfForeign(news, (origin) => originText(origin, news.id));
    case 'parked':
      return {
        resource: news.failing.id,
        decision: 'given up',
        reason: parkedText(news.failing),
        discriminator: news.failing.changeHash,
      };
    case 'unparked':
      return {
        resource: news.failing.id,
        decision: 'taken up again',
        reason: `It failed ${news.failing.count} times and was left alone since ${news.failing.lastAt}; something has moved.`,
        discriminator: news.failing.changeHash,
      };
    case 'other':
      return { resource: news.id, decision: news.decision, reason: news.why, discriminator: news.code };
  }
}

function lineOf(drift: Drift, decision: string, reason: string): Line {
  const { id, path, before, after } = drift;
  return {
    resource: id,
    decision,
    reason,
    ...(path === '' ? {} : { before: { [path]: before }, after: { [path]: after } }),
    discriminator: path,
  };
}

/** What is being put right is told when it is done, a failure by the line of its row. */
function lineOfDecision(drift: Drift): Line | undefined {
  const told = {
    ...lineOf(drift, DECISION[drift.state], whatWillBe(drift, subject(drift))),
    discriminator: `${drift.path} ${drift.code}`,
  };
  return drift.state === 'puttingRight' || drift.state === 'failed' ? undefined : told;
}

const DECISION: Readonly<Record<DriftState, string>> = {
  puttingRight: 'drift put right',
  waiting: 'waiting',
  refused: 'refused',
  reported: 'drift reported',
  ignored: 'drift ignored',
  failed: 'failed',
};

function nameOf({ path }: Pick<Drift, 'path'>): string {
  return path === '' ? 'the resource' : path;
}

function subject({ path }: Pick<Drift, 'path'>): string {
  return path === '' ? 'The resource' : path;
}

/** `properties.x was changed by alice@contoso.com at 2026-06-01T12:00:00Z.` */
function whatHappened(drift: Drift, more = ''): string {
  const isGone = drift.path === '' && drift.after === undefined;
  const verb = isGone ? 'was deleted' : 'was changed';
  const { origin } = drift;
  if (origin === null) return `${subject(drift)} ${verb}${more}; no event has told by whom.`;
  if (isGone && origin.deleted !== undefined) return originText(origin, drift.id);
  return `${subject(drift)} ${verb}${more}. ${originText(origin, drift.id)}`;
}

/** One resource has many properties: its event names the latest change of any of them. */
function originText(origin: ChangeOrigin, id: string): string {
  const by = `by ${nameOfAuthor(origin)} at ${origin.at}.`;
  if (origin.deleted === undefined) return `The resource was last changed ${by}`;
  return sameId(origin.deleted, id) ? `The resource was deleted ${by}` : `Its other side was deleted ${by}`;
}

/** `it`: what it is about; by its name where no sentence before has said that, since several may share a resource. */
function whatWillBe({ state, why }: Drift, it = 'It'): string {
  const texts: Record<DriftState, string> = {
    puttingRight: `${it} is put right.`,
    waiting: `${it} waits: ${why}`,
    refused: `${it} stays as it is: ${why}`,
    reported: `${it} is only reported: ${why}`,
    ignored: `${it} is ignored: ${why}`,
    failed: `Putting it right failed: ${why}`,
  };
  return texts[state];
}

/** Both sides of a conflict, with times. */
export function conflictText({ path, ours, theirs, stoppedAt }: Contest): string {
  const own = ours.map(({ at, operationId }) => `${at} (${operationId})`).join(', ');
  const others = theirs
    .map(({ at, origin }) =>
      origin === null ? `${at} (nobody told by whom)` : `${origin.at} (${nameOfAuthor(origin)})`,
    )
    .join(', ');
  const until =
    stoppedAt === null
      ? ''
      : ` It is left alone until ${restEndsAt(stoppedAt)}; find out what writes it, then reconcile by hand or change the spec.`;
  return `${subject({ path })} was put right at ${own} and changed back at ${others}.${until}`;
}

function whyOver({ because }: ContestEnd): string {
  switch (because) {
    case 'reconciledByHand':
      return 'Somebody reconciled by hand.';
    case 'specChanged':
      return 'The spec has changed.';
    case 'rested':
      return 'It has rested for a day.';
  }
}

/** What a person has to know of conflicts, of repairs that were given up, and of resources that have failed. Pure. */
export function eventsOfNews(run: RunDocument, news: readonly DriftNews[], at: string): readonly OutboundEvent[] {
  return [...eventsOfOne(run, news, at), ...eventsOfFailed(run, news, at)];
}

function eventsOfOne(run: RunDocument, news: readonly DriftNews[], at: string): readonly OutboundEvent[] {
  return news.flatMap((one): readonly OutboundEvent[] => {
    if (one.news === 'parked') return [eventOfParked(run, one.failing, at)];
    if (one.news !== 'conflict') return [];
    const { id, path, ours, theirs } = one.contest;
    return [
      {
        kind: 'helpNeeded',
        baseline: run.baseline,
        resource: id,
        occasion: `${run.operationId}/writer conflict/${path}`,
        at,
        data: {
          path,
          reason: conflictText(one.contest),
          putRight: ours.map(({ at: when, operationId }) => ({ at: when, operationId })),
          changedBack: theirs.map(({ at: when, origin }) => ({
            at: origin?.at ?? when,
            by: origin === null ? null : nameOfAuthor(origin),
          })),
        },
      },
    ];
  });
}

/** One for each resource, however many of its properties have drifted. */
function eventsOfFailed(
  { baseline, operationId }: RunDocument,
  news: readonly DriftNews[],
  at: string,
): readonly OutboundEvent[] {
  const failed = new Map(
    news.flatMap((one) => {
      const told = one.news === 'other' ? one : one.news === 'found' || one.news === 'decided' ? one.drift : undefined;
      return told?.code === FAILED_CODE ? [[normaliseId(told.id), told] as const] : [];
    }),
  );
  return [...failed.values()].map(({ id, code, why }) => ({
    kind: 'helpNeeded',
    baseline,
    resource: id,
    occasion: `${operationId}/${code}`,
    at,
    data: { reason: why, code },
  }));
}

function eventOfParked({ baseline, operationId }: RunDocument, failing: Failing, at: string): OutboundEvent {
  const { id, changeHash, count, firstAt, lastAt, code, message } = failing;
  return {
    kind: 'helpNeeded',
    baseline,
    resource: id,
    occasion: `${operationId}/given up/${changeHash.slice(0, 12)}`,
    at,
    data: { reason: parkedText(failing), code, message, failures: count, firstAt, lastAt },
  };
}

/** Why the resources of these drifts had to be written, by normalised id. */
export function causesOf(right: readonly Drift[]): ReadonlyMap<string, string> {
  return new Map(
    right.flatMap(({ id, origin }) => (origin === null ? [] : [[normaliseId(id), originText(origin, id)] as const])),
  );
}

/** What a comparison looked at. */
export interface Compared {
  readonly comparedCount: number;
  readonly notComparedCount: number;
  /** Changes that are due and put no drift right. */
  readonly otherCount: number;
}

const COUNTED: Readonly<Record<DriftState, string>> = {
  puttingRight: 'to be put right',
  waiting: 'waiting',
  refused: 'refused',
  reported: 'reported',
  ignored: 'ignored',
  failed: 'failed',
};

/** The one line of a comparison: what it looked at, what it saw, and what comes of it. */
export function lineOfComparison(
  run: RunDocument,
  compared: Compared,
  drifts: readonly Drift[],
  at: string,
): JournalEntry {
  return {
    at,
    baseline: run.baseline,
    operationId: run.operationId,
    trigger: run.trigger,
    resource: '',
    decision: 'compared',
    reason: comparisonText(compared, drifts),
    by: run.requestedBy,
    after: run.planHash,
    discriminator: run.planKey,
  };
}

/** The line of a run that goes on although what is known of drift cannot be read. */
export function lineWithoutRecord(run: RunDocument, { code, message, remedy }: Problem, at: string): JournalEntry {
  return {
    at,
    baseline: run.baseline,
    operationId: run.operationId,
    trigger: run.trigger,
    resource: '',
    decision: 'drift not recorded',
    reason: `${code}: ${message} ${remedy} Until then no drift is put right without a person.`,
    by: 'hubkeeper',
    discriminator: run.planKey,
  };
}

function comparisonText({ comparedCount, notComparedCount, otherCount }: Compared, drifts: readonly Drift[]): string {
  const rest = notComparedCount === 0 ? '' : `, ${notComparedCount} not looked at this time`;
  const states = (Object.keys(COUNTED) as DriftState[]).flatMap((state) => {
    const count = drifts.filter((drift) => drift.state === state).length;
    return count === 0 ? [] : [`${count} ${COUNTED[state]}`];
  });
  const resources = new Set(drifts.map(({ id }) => normaliseId(id))).size;
  const found =
    drifts.length === 0 ? 'no drift' : `${differencesText(drifts.length, resources)} (${states.join(', ')})`;
  const others = otherCount === 0 ? '' : `; ${countText(otherCount, 'other change')} due`;
  return `${countText(comparedCount, 'resource')} compared${rest}: ${found}${others}.`;
}
