import * as z from 'zod';
import { isoTime } from './common.ts';
import type { Known } from './known.ts';

/** A reaction that is not over: an alert is open, ports are short as far as is known, or it is at work. */
export const openReaction = z.looseObject({
  kind: z.enum(['relieveSnatExhaustion', 'remediateDrift']),
  target: z.string().describe('ARM id of the resource, or name of the baseline.'),
  state: z
    .enum(['looking', 'waiting', 'acting', 'nothingUnderWay', 'givenUp'])
    .describe(
      'looking: the next look decides; waiting: for the resource or its metrics; acting: a change is recorded or watched; nothingUnderWay: `code` and `why` say what the last look, or the last change, came to; givenUp: it kept failing and rests.',
    ),
  openAlertCount: z.number().int().describe('Alerts of the last 24 hours that fired and have not ended.'),
  openSince: isoTime.nullable().describe('When the first of them fired; null: none is open.'),
  valuePercent: z.number().nullable().describe('What the latest alert said of the metric; null: it said nothing.'),
  code: z.string().describe('What the last look came to; empty where it is still to come.'),
  why: z.string().describe('The same in sentences, with its figures; empty: only the journal has them.'),
  at: isoTime.nullable().describe('When that was, or since when it waits or acts; null: no look has ended yet.'),
  until: isoTime.nullable().describe('When it looks again by itself, or until when it rests; null: not known.'),
  operationId: z.string().nullable().describe('The operation that its alerts, or its change, go by; null: none.'),
});
export type OpenReactionBody = Known<typeof openReaction>;
