/** What the orchestration of a reaction begins with. The signals themselves are in the baseline's row. */
export interface ReactionInput {
  readonly version: 1;
  readonly baseline: string;
  /** ARM id of what it looks after, as the baseline spells it. */
  readonly target: string;
  /** Its own id: it ends when the baseline's row names another one. */
  readonly instanceId: string;
}
