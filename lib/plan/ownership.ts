import { ProblemError } from '../problem.ts';
import { type DesiredNode, sameId } from './graph.ts';
import { type DeclaredBody, type LedgerEntry, type OwnedFields, type WriteIds, withWrite } from './ledger.ts';
import { ownedBeforeOf } from './merge.ts';
import { ownedTree } from './owned-tree.ts';
import { isBeingReplaced } from './replacement.ts';

/** What happens to a ledger row. Every one may be repeated. */
export type LedgerEvent =
  | {
      readonly name: 'intend';
      readonly node: Pick<DesiredNode, 'id' | 'kind' | 'lanes' | 'scope' | 'dependsOn'>;
      /** True when the resource is not there, so that this write makes it. */
      readonly creates: boolean;
      /** From `ownedFieldsOf`. */
      readonly fields: OwnedFields;
      /** A part of it is left to another operation. */
      readonly partly?: boolean;
      /** What is declared of it; absent: not known. */
      readonly declared?: DeclaredBody;
      readonly operationId: string;
      /** What the write is sent with. */
      readonly write?: WriteIds;
      readonly atIso: string;
    }
  /** The write ended well. `fields`: those of that write, else the intended ones. */
  | { readonly name: 'confirm'; readonly fields?: OwnedFields; readonly operationId: string; readonly atIso: string }
  /** The write or delete is known not to have happened. */
  | { readonly name: 'abandon'; readonly atIso: string }
  /** `replaces`: to be made anew right after. */
  | {
      readonly name: 'delete';
      readonly replaces?: boolean;
      readonly operationId: string;
      readonly write?: WriteIds;
      readonly atIso: string;
    }
  /** The resource is known to be gone. */
  | { readonly name: 'gone' };

function impossible(entry: LedgerEntry | null, event: LedgerEvent): ProblemError {
  const state = entry === null ? 'without a row' : `in state '${entry.state}'`;
  return new ProblemError({
    code: 'LedgerTransitionInvalid',
    actor: 'us',
    message: `A resource ${state} cannot '${event.name}'.`,
    remedy: 'Report this with the journal of the operation.',
    ...(entry === null ? {} : { resource: entry.id }),
  });
}

/**
 * The row after an event; null: no row.
 *
 * | state     | intend   | confirm   | abandon                        | delete   | gone |
 * | --------- | -------- | --------- | ------------------------------ | -------- | ---- |
 * | no row    | intended | -         | no row                         | -        | none |
 * | intended  | intended | confirmed | confirmed, none if never there | deleting | none |
 * | confirmed | intended | confirmed | confirmed                      | deleting | none |
 * | deleting  | intended | -         | confirmed                      | deleting | none |
 *
 * Throws a `ProblemError` (actor `us`) for a dash. A resource once recorded as created by us stays so: the repeat of a
 * write that died finds its own resource there. What two writes intended one after the other both counts until the
 * second is confirmed. `replacing` lasts until the resource is confirmed, or the delete is known not to have happened.
 */
export function nextLedgerEntry(entry: LedgerEntry | null, event: LedgerEvent): LedgerEntry | null {
  switch (event.name) {
    case 'intend':
      return intended(entry, event);
    case 'confirm':
      if (entry === null || entry.state === 'deleting') throw impossible(entry, event);
      if (entry.state === 'confirmed' && event.fields === undefined) return entry;
      return {
        ...notReplacing(withoutBodies(entry)),
        state: 'confirmed',
        confirmed: event.fields ?? entry.intended,
        intended: {},
        ...(entry.intendedBody === undefined ? {} : { confirmedBody: entry.intendedBody }),
        operationId: event.operationId,
        at: event.atIso,
      };
    case 'abandon':
      if (entry === null || entry.state === 'confirmed') return entry;
      if (entry.state === 'intended' && isNew(entry)) return null;
      return {
        ...notReplacing(withoutBodies(entry)),
        state: 'confirmed',
        ...(entry.confirmedBody === undefined ? {} : { confirmedBody: entry.confirmedBody }),
        // A delete may have come between a write and its end; what that write intended still counts.
        confirmed: entry.state === 'deleting' ? ownedBeforeOf(entry) : entry.confirmed,
        intended: {},
        at: event.atIso,
      };
    case 'delete':
      if (entry === null) throw impossible(entry, event);
      return {
        ...notReplacing(withoutBodies(entry)),
        ...writesAfter(entry, event.write),
        state: 'deleting',
        ...(event.replaces === true ? { replacing: true } : {}),
        operationId: event.operationId,
        at: event.atIso,
      };
    case 'gone':
      return null;
  }
}

function writesAfter(entry: LedgerEntry | null, write: WriteIds | undefined): Pick<LedgerEntry, 'writes'> {
  const writes = withWrite(entry?.writes, write);
  return writes === undefined ? {} : { writes };
}

function notReplacing({ replacing: _, ...entry }: LedgerEntry): LedgerEntry {
  return entry;
}

function withoutBodies({ confirmedBody: _, intendedBody: __, ...entry }: LedgerEntry): LedgerEntry {
  return entry;
}

/** What the resource is known to be as, once a write has ended well: one that leaves a part only keeps what was known. */
function bodiesAfter(
  entry: LedgerEntry | null,
  declared: DeclaredBody | undefined,
): Pick<LedgerEntry, 'confirmedBody' | 'intendedBody'> {
  const confirmed = entry?.confirmedBody === undefined ? {} : { confirmedBody: entry.confirmedBody };
  const isKnown = declared !== undefined && (declared.isWhole || declared.hash === entry?.confirmedBody);
  return { ...confirmed, ...(isKnown ? { intendedBody: declared.hash } : {}) };
}

/** Never confirmed: nothing of ours is known to be there. */
function isNew(entry: LedgerEntry): boolean {
  return Object.keys(entry.confirmed).length === 0;
}

function intended(entry: LedgerEntry | null, event: Extract<LedgerEvent, { readonly name: 'intend' }>): LedgerEntry {
  if (entry !== null && !sameId(entry.id, event.node.id)) throw impossible(entry, event);
  const confirmed = entry?.confirmed ?? {};
  const pending = entry?.state === 'intended' ? entry.intended : {};
  return {
    id: event.node.id,
    kind: event.node.kind,
    state: 'intended',
    created: event.creates || (entry?.created ?? false),
    confirmed,
    intended: { ...pending, ...event.fields },
    ...bodiesAfter(entry, event.declared),
    lanes: event.node.lanes,
    dependsOn: event.node.dependsOn.map(({ id }) => id),
    scope: event.node.scope,
    ...(isBeingReplaced(entry) ? { replacing: true } : {}),
    ...(event.partly === true ? { partly: true } : {}),
    operationId: event.operationId,
    ...writesAfter(entry, event.write),
    at: event.atIso,
  };
}

/**
 * Whether a property or entry path is recorded as ours; for an ARM id, whether it is this resource and we made it. An entry counts only when we made it, not when we only set a
 * field in somebody else's; below a whole value of ours everything is ours.
 */
export function isOurs(entry: LedgerEntry | null | undefined, path: string): boolean {
  if (path.startsWith('/')) return entry?.created === true && sameId(entry.id, path);
  return ownedTree(ownedBeforeOf(entry)).covers(path);
}
