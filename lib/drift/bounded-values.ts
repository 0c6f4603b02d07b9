import type { Json } from '../json.ts';
import { listDifference } from '../plan/list-difference.ts';

/** Characters of a value as JSON that are remembered. */
const LONGEST_VALUE = 600;
/** Characters before the first difference that are shown of a text whose beginning says nothing. */
const LEAD = 40;

/** The sides of a difference, each absent where there is nothing. */
export interface Values {
  readonly before?: Json;
  readonly after?: Json;
}

/**
 * The sides of a difference as they are where they are short. Of longer ones that is kept in which they differ, as text: the
 * members that only one of two lists has, else a part of each from around the first difference. Pure.
 */
export function boundedValues({ before, after }: Values): Values {
  const [was, wanted] = [before, after].map((value) => (value === undefined ? '' : JSON.stringify(value)));
  if (was === undefined || wanted === undefined) return {};
  if (was.length <= LONGEST_VALUE && wanted.length <= LONGEST_VALUE) return sidesOf(before, after);
  const lists = listDifference(before, after, LONGEST_VALUE);
  if (lists !== undefined) return lists;
  const from = before === undefined || after === undefined ? 0 : windowOf(was, wanted);
  const cut = (value: Json | undefined, text: string) =>
    value === undefined || text.length <= LONGEST_VALUE ? value : partOf(text, from);
  return sidesOf(cut(before, was), cut(after, wanted));
}

function sidesOf(before: Json | undefined, after: Json | undefined): Values {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** Where the part of two texts begins in which they differ first; 0 where their beginnings show it. */
function windowOf(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at < LONGEST_VALUE - LEAD ? 0 : at - LEAD;
}

function partOf(text: string, from: number): string {
  const part = text.slice(from, from + LONGEST_VALUE);
  return `${from === 0 ? '' : '…'}${part}${from + LONGEST_VALUE < text.length ? '…' : ''}`;
}
