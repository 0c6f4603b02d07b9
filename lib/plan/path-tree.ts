import { parsePath, type Segment } from './property-path.ts';
import { mapKey } from './values.ts';

/** Concrete property paths with a value each, as a tree, so that a body and what is known of it are walked together. */
export class PathTree<T> {
  readonly #properties = new Map<string, PathTree<T>>();
  readonly #entries = new Map<string, PathTree<T>>();
  #value: T | undefined;

  static of<T>(values: Readonly<Record<string, T>>): PathTree<T> {
    const root = new PathTree<T>();
    for (const [path, value] of Object.entries(values)) root.#make(path).#value = value;
    return root;
  }

  /** The value at exactly this place. */
  get value(): T | undefined {
    return this.#value;
  }

  /** `name` as `mapKey` gives it. */
  property(name: string): PathTree<T> | undefined {
    return this.#properties.get(name);
  }

  /** Entry keys compare without case. */
  entry(key: string): PathTree<T> | undefined {
    return this.#entries.get(key.toLowerCase());
  }

  /** The value at the path or else at its nearest ancestor. */
  nearest(path: string): T | undefined {
    let node: PathTree<T> = this;
    let found = this.#value;
    const segments = parsePath(path);
    for (const [depth, segment] of segments.entries()) {
      const [children, key] = node.#step(segment, depth === 1 ? segments[0] : undefined);
      const child = children.get(key);
      if (child === undefined) break;
      node = child;
      found = node.#value ?? found;
    }
    return found;
  }

  /** Whether a value stands at the path, or at a whole value around it; an entry does not cover what is in it. */
  covers(path: string): boolean {
    let node: PathTree<T> = this;
    const segments = parsePath(path);
    for (const [depth, segment] of segments.entries()) {
      const isWhole = depth > 0 && segments[depth - 1]?.type === 'property' && node.#value !== undefined;
      if (isWhole) return true;
      const [children, key] = node.#step(segment, depth === 1 ? segments[0] : undefined);
      const child = children.get(key);
      if (child === undefined) return false;
      node = child;
    }
    return node.#value !== undefined;
  }

  #make(path: string): PathTree<T> {
    let node: PathTree<T> = this;
    parsePath(path).forEach((segment, depth, segments) => {
      const [children, key] = node.#step(segment, depth === 1 ? segments[0] : undefined);
      const child = children.get(key) ?? new PathTree<T>();
      children.set(key, child);
      node = child;
    });
    return node;
  }

  #step(segment: Segment, parent: Segment | undefined): readonly [Map<string, PathTree<T>>, string] {
    switch (segment.type) {
      case 'property':
        return [this.#properties, mapKey(parent?.type === 'property' ? parent.name : '', segment.name)];
      case 'entry':
        return [this.#entries, segment.key.toLowerCase()];
      case 'anyProperty':
        return [this.#properties, '*'];
      case 'anyEntry':
        return [this.#entries, '*'];
    }
  }
}
