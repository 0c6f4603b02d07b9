import type { Signal, SignalKind } from './signal.ts';

/** Reactions, each an orchestration of its own. */
export type ReactionKind = 'relieveSnatExhaustion' | 'remediateDrift';

/** Which reaction answers which signal. */
const REACTION_OF: Readonly<Record<SignalKind, ReactionKind>> = { snatExhaustion: 'relieveSnatExhaustion' };

/** What is known of a resource that an alert names. */
export type TargetStanding =
  | {
      readonly standing: 'managed';
      readonly baseline: string /** Id as the baseline spells it. */;
      readonly id: string;
    }
  | { readonly standing: 'unmanaged' }
  /** Managed, and nothing may be done to it: outside of the allowed scopes, opted out, being torn down. */
  | { readonly standing: 'optedOut'; readonly baseline: string; readonly why: string };

/** A signal that a reaction is asked to look at. */
export interface RoutedSignal {
  readonly signal: Signal;
  readonly reaction: ReactionKind;
  readonly baseline: string;
  readonly target: string;
}

export type Route =
  | { readonly route: 'reaction'; readonly routed: RoutedSignal }
  | { readonly route: 'nowhere'; readonly target: string; readonly why: string; readonly baseline?: string };

/** Where a signal goes, given the standing of its target. Pure. */
export function routeSignal(signal: Signal, standing: TargetStanding): Route {
  const { target } = signal;
  switch (standing.standing) {
    case 'unmanaged':
      return { route: 'nowhere', target, why: 'No baseline manages this resource.' };
    case 'optedOut':
      return { route: 'nowhere', target, why: standing.why, baseline: standing.baseline };
    case 'managed':
      return {
        route: 'reaction',
        routed: {
          signal,
          reaction: REACTION_OF[signal.kind],
          baseline: standing.baseline,
          target: standing.id,
        },
      };
  }
}
