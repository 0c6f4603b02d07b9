import type { ObserveStrategy } from '../baseline/kind.ts';
import { normaliseId } from '../plan/graph.ts';
import type { Observed } from '../plan/plan.ts';
import type { SingleRead } from './read-resource.ts';
import { parseResourceId } from './resource-id.ts';

/** What observation has to know of a kind. */
export interface ObservableKind {
  readonly name: string;
  readonly type: string;
  readonly apiVersion: string;
  readonly observe: ObserveStrategy;
}

export interface ResourceReference {
  readonly id: string;
  readonly kind: string;
}

/** A list may have several pages, most of them with resources of others: for fewer resources than this each is asked for. */
const FEWEST_FOR_A_LIST = 4;

export interface Listed {
  readonly path: string;
  readonly apiVersion: string;
  /** The resource whose children it lists; absent: it lists a whole subscription. */
  readonly parent?: SingleRead;
  /** The resources for whose sake it is read, by normalised id. */
  readonly members: Map<string, SingleRead>;
}

interface InlineRead extends SingleRead {
  readonly path: string;
}

/** How named resources are read; what hangs on others comes `later`, when it is known what of these is there. */
export interface Reads {
  /** All that are named, by normalised id. */
  readonly ids: ReadonlySet<string>;
  readonly lists: readonly Listed[];
  readonly singles: readonly SingleRead[];
  readonly later: {
    readonly lists: readonly (Listed & Required<Pick<Listed, 'parent'>>)[];
    readonly singles: readonly SingleRead[];
    readonly inline: readonly InlineRead[];
  };
}

/** How these resources are read with few calls; nothing that is `known`. Pure. @throws as `parseResourceId` and `kindOf`. */
export function readsOf(
  references: readonly ResourceReference[],
  kindOf: (name: string) => ObservableKind,
  known: Observed,
  isFew: boolean,
): Reads {
  const ids = new Set<string>();
  const lists = new Map<string, Listed>();
  const attached: SingleRead[] = [];
  const inline: InlineRead[] = [];

  function list(path: string, one: SingleRead, parent?: SingleRead): void {
    const listed = lists.get(normaliseId(path)) ?? { path, apiVersion: one.apiVersion, parent, members: new Map() };
    lists.set(normaliseId(path), listed);
    listed.members.set(normaliseId(one.id), one);
  }
  function add({ id, kind }: ResourceReference): void {
    const key = normaliseId(id);
    if (known.has(key) || ids.has(key)) return;
    ids.add(key);
    const { observe: strategy, type, apiVersion } = kindOf(kind);
    const { parentId, subscriptionId } = parseResourceId(id);
    switch (strategy.by) {
      case 'subscription': {
        const isGroup = type === 'Microsoft.Resources/resourceGroups';
        list(isGroup ? `${parentId}/resourcegroups` : `/subscriptions/${subscriptionId}/providers/${type}`, {
          id,
          apiVersion,
        });
        return;
      }
      case 'parent': {
        const parent = { id: parentId, apiVersion: kindOf(strategy.parentKind).apiVersion };
        list(id.slice(0, id.lastIndexOf('/')), { id, apiVersion }, parent);
        return;
      }
      case 'inline':
        inline.push({ id, apiVersion, path: strategy.path });
        add({ id: parentId, kind: strategy.parentKind });
        return;
      case 'get':
        attached.push({ id, apiVersion });
    }
  }
  for (const reference of references) add(reference);

  const isList = ({ members }: Listed) => !isFew || members.size >= FEWEST_FOR_A_LIST;
  const all = [...lists.values()];
  const short = all.filter((listed) => !isList(listed));
  const membersOf = (listed: readonly Listed[]) => listed.flatMap(({ members }) => [...members.values()]);
  return {
    ids,
    lists: all.filter((listed) => isList(listed) && listed.parent === undefined),
    singles: membersOf(short.filter(({ parent }) => parent === undefined)),
    later: {
      lists: all.flatMap((listed) => {
        const { parent } = listed;
        return isList(listed) && parent !== undefined ? [{ ...listed, parent }] : [];
      }),
      singles: [...membersOf(short.filter(({ parent }) => parent !== undefined)), ...attached],
      inline,
    },
  };
}
