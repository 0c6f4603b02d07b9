import { isCollection, isNode, LineCounter, parseDocument } from 'yaml';

/**
 * The line of a place such as `spokes[0].subnets[2].addressPrefix` in a YAML or JSON text, counted from 1. What is not
 * there (a field that is missing) is on the line of the part around it. `undefined` for the whole document.
 */
export function lineFinder(text: string): (path: string) => number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  return (path) => {
    let line: number | undefined;
    let node: unknown = document.contents;
    for (const key of keysOf(path)) {
      if (!isCollection(node)) return line;
      const pair = node.items.find((item) => isPairOf(item, key));
      const keyNode = pair === undefined ? undefined : Reflect.get(Object(pair), 'key');
      node = node.get(key, true);
      const at = isNode(keyNode) ? keyNode : node;
      if (!isNode(at)) return line;
      const offset = at.range?.[0];
      if (offset !== undefined && offset !== null) line = lines.linePos(offset).line;
    }
    return line;
  };
}

/** `spokes[0].name` is `spokes`, 0, `name`. */
function keysOf(path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  for (const match of path.matchAll(/\[(\d+)\]|[^.[\]]+/g)) {
    keys.push(match[1] === undefined ? match[0] : Number(match[1]));
  }
  return keys;
}

function isPairOf(item: unknown, key: string | number): boolean {
  if (typeof item !== 'object' || item === null || !('key' in item)) return false;
  const { key: itemKey } = item;
  return typeof itemKey === 'object' && itemKey !== null && 'value' in itemKey && itemKey.value === key;
}
