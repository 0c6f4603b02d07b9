/** `from` comes after `to`. The strength says which edges give way in a circle: the smaller, the sooner. */
export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly strength: number;
}

/**
 * Leaves out edges that lie on a circle, weakest strength first and only below `firm`, until nothing but firm edges could
 * still form one. Networks that peer refer to each other, and what the ledger recorded in different years may too.
 */
export function withoutCircles(count: number, edges: readonly Edge[], firm: number): readonly Edge[] {
  let kept = edges;
  for (let strength = 0; strength < firm; strength++) {
    const component = components(count, kept);
    const circles = kept.some(({ from, to }) => component[from] === component[to]);
    if (!circles) return kept;
    kept = kept.filter((edge) => edge.strength > strength || component[edge.from] !== component[edge.to]);
  }
  return kept;
}

/** Strongly connected component of each node (Tarjan), without recursion: chains may be long. */
function components(count: number, edges: readonly Edge[]): readonly number[] {
  const next: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) next[from]?.push(to);
  const component = new Array<number>(count).fill(-1);
  const index = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const open: number[] = [];
  let counter = 0;
  let found = 0;
  for (let root = 0; root < count; root++) {
    if (index[root] !== -1) continue;
    const walk: { readonly node: number; at: number }[] = [{ node: root, at: 0 }];
    while (walk.length > 0) {
      const frame = walk[walk.length - 1];
      if (frame === undefined) break;
      const { node } = frame;
      if (frame.at === 0) {
        index[node] = counter;
        low[node] = counter;
        counter++;
        open.push(node);
      }
      const child = next[node]?.[frame.at];
      if (child !== undefined) {
        frame.at++;
        if (index[child] === -1) walk.push({ node: child, at: 0 });
        else if (component[child] === -1) low[node] = Math.min(low[node] ?? 0, index[child] ?? 0);
        continue;
      }
      if (low[node] === index[node]) {
        for (let member = open.pop(); member !== undefined; member = open.pop()) {
          component[member] = found;
          if (member === node) break;
        }
        found++;
      }
      walk.pop();
      const parent = walk[walk.length - 1]?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
    }
  }
  return component;
}
