/** Who made a change, as the claims of its resource event say. Text of others: shown, never trusted. */
export interface ChangeAuthor {
  readonly name: string | null;
  readonly objectId: string | null;
  readonly appId: string | null;
}

/** What an event said about a resource of the baseline: a hint where to look, never a fact about its state. */
export interface ChangeHint {
  /** ARM id of the resource as the ledger spells it; an event about a part of it names the resource itself. */
  readonly resource: string;
  readonly action: 'write' | 'delete' | 'action';
  /** ISO time of the event. */
  readonly at: string;
  readonly author: ChangeAuthor | null;
  /** Finds the change in Azure's activity log. */
  readonly correlationId: string | null;
}
