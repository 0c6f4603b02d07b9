/** What the orchestration of a baseline's drift does next. */
export type DriftStep =
  | { readonly next: 'end' }
  /** Look again, after a pause. */
  | { readonly next: 'look'; readonly seconds: number }
  /** Wake the reconciler, then look again. `instanceId` null: one is at work. */
  | { readonly next: 'poke'; readonly instanceId: string | null; readonly seconds: number };

/** One look at what events have said. The same look again gives the same answer. */
export interface DriftRequest {
  readonly baseline: string;
  readonly instanceId: string;
  readonly nowIso: string;
}
