import type { Json, JsonObject } from '../json.ts';

/**
 * A place in a resource body: property names joined by dots; `[]` stands for every member of an array and `*` for
 * every key of a map: `properties.subnets[].properties.addressPrefix`, `tags.*`.
 */
export type PathPattern = string;

/** An array whose members are told apart by a key, so that ours and others' can live side by side. */
export interface NamedEntries {
  readonly path: PathPattern;
  /** Property that names a member, usually `name`; names compare without case. */
  readonly key: string;
  /** `keep`: members we did not write survive. `replace`: the whole array is ours. */
  readonly foreign: 'keep' | 'replace';
  /** The order of members means something and must be kept; new ones are appended. */
  readonly ordered?: boolean;
  /** A member of others in a few words, without secrets: what a person has to know of it besides its key. */
  readonly describe?: (member: Json) => string;
  /** Whether a member is one that Azure or a service keeps there by itself: it survives, and is nothing to tell of. */
  readonly isOfService?: (member: Json) => boolean;
}

/** How two bodies of one kind compare. Everything Azure changes by itself is named here, or it shows as drift. */
export interface ComparisonRules {
  /** Set by the service: never compared and never sent. */
  readonly readOnly: readonly PathPattern[];
  readonly entries: readonly NamedEntries[];
  /**
   * Arrays whose order means nothing, of scalars or of objects that are told apart by all they say. Members that others
   * added are kept only where `keepForeignMembers` lists the path.
   */
  readonly sets: readonly PathPattern[];
  /** Sets to which others may add members of their own. */
  readonly keepForeignMembers?: readonly PathPattern[];
  /** Arrays of child resources, or of references to them, each with its `id`: whoever made that one has made the member. */
  readonly children?: readonly PathPattern[];
  /** Those of `children` that Azure shows in a list of their own only: a body has them where that list was read. */
  readonly listedChildren?: readonly PathPattern[];
  /**
   * Properties without which an entry or object of ours does not mean what we declared: where that is declared they are
   * ours too, and what somebody else put there is taken back even though we never wrote it.
   */
  readonly oursUnsaid?: readonly PathPattern[];
  /** Strings whose case means nothing (enums the service respells). ARM ids and `location` always compare so. */
  readonly ignoreCase: readonly PathPattern[];
  /** What the service assumes where a property is absent: absent equals this value. */
  readonly defaults: Readonly<Record<PathPattern, Json>>;
  /** Cannot change in place: a difference is refused with this reason, never written. */
  readonly immutable: Readonly<Record<PathPattern, string>>;
  /** Never shown in a plan, a journal, a log or a recording. */
  readonly secret: readonly PathPattern[];
}

/** A list of texts that Azure copies from another resource, and brings up to date only when this one is written again. */
export interface CopiedValue {
  /** Where the copy is. */
  readonly path: string;
  /** Where this resource itself shows what the other one has now. */
  readonly current: string;
  /** Where the id of the other one is. */
  readonly of: string;
  /** Where the value is in the other one. */
  readonly source: string;
}

/**
 * A state, told by the service, that no write of the resource ends: it is deleted and made anew. Only what Hubkeeper made
 * is; anything else is reported.
 */
export interface BrokenState {
  readonly path: string;
  readonly state: string;
  /** What it is when all is well. */
  readonly sound: string;
  /** One plain sentence. */
  readonly why: string;
}

export type Action = 'create' | 'update' | 'delete';
export type Risk = 'safe' | 'disruptive' | 'destructive';

/** One property that a change touches. Absent means: not there. */
export interface PropertyDifference {
  /** Property path; members of named entries as `properties.subnets[snet-nodes].properties.addressPrefix`. */
  readonly path: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** What the planner has to know about a kind of resource. Plain data and pure functions. */
export interface KindRules {
  /** Such as `virtualNetwork`. */
  readonly name: string;
  readonly comparison: ComparisonRules;
  /** How long Azure usually takes, in minutes (docs/facts in the kind's own comment). */
  readonly durationMinutes: { readonly create: number; readonly update: number; readonly delete: number };
  /** A value of another resource that it copies when it is written. */
  readonly copy?: CopiedValue;
  readonly broken?: BrokenState;
  /**
   * Why nobody but a person writes a resource of this kind whose last operation has failed, and what that person has to do,
   * in plain sentences. Absent: the same body is written again, which clears it.
   */
  readonly leftWhenFailed?: string;
  /** Places that let traffic through or say where it goes: what is changed there is put right before other things. */
  readonly steersTraffic?: readonly PathPattern[];
  /** Risk of a change of this kind. */
  riskOf(action: Action, differences: readonly PropertyDifference[]): Risk;
  /** ARM ids that a body refers to, other than its own children: what must stay as long as this resource stays. */
  referencesOf(body: JsonObject): readonly string[];
  /**
   * What is in or on the actual resource that we did not make, as readable names ('subnet snet-theirs'); `isOurs`
   * answers for an entry path such as `properties.subnets[snet-nodes]` or for a child's ARM id; `members`: ids of what a
   * list shows in it right before its delete. A resource with foreign content is never deleted.
   */
  foreignContentOf(
    actual: JsonObject,
    isOurs: (entryPathOrId: string) => boolean,
    members?: readonly string[],
  ): readonly string[];
}
