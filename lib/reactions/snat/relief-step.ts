/** What the orchestration of a relief does next. */
export type ReliefStep =
  | { readonly next: 'end' }
  /** Look at the firewall and decide, after a pause. */
  | { readonly next: 'decide'; readonly seconds: number }
  /** Wake the reconciler, then follow its operation. `instanceId` null: one is at work. */
  | { readonly next: 'poke'; readonly instanceId: string | null }
  | { readonly next: 'follow'; readonly seconds: number }
  /** See whether the metric has moved. */
  | { readonly next: 'verify'; readonly seconds: number };

/** One step of a relief. The same step again gives the same answer. */
export interface ReliefRequest {
  readonly baseline: string;
  /** ARM id of the firewall, as the baseline spells it. */
  readonly target: string;
  readonly instanceId: string;
  readonly nowIso: string;
}
