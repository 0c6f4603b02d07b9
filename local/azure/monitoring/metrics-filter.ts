import type { DimensionFilter } from './metric-series.ts';

/**
 * Reads `$filter`: `Protocol eq '*'`, with `and` between dimensions and `or` between values of one. Answers a sentence
 * that says what is wrong with it.
 */
export function readMetricsFilter(text: string | undefined): readonly DimensionFilter[] | string {
  if (text === undefined || text.trim() === '') return [];
  const filters = new Map<string, { name: string; operator: 'Include' | 'Exclude'; values: string[] }>();
  for (const part of text.split(/\s+and\s+/i)) {
    const names = new Set<string>();
    for (const alternative of part.replace(/^\s*\(|\)\s*$/g, '').split(/\s+or\s+/i)) {
      const match = /^\s*([A-Za-z_][\w.]*)\s+(eq|ne)\s+'([^']*)'\s*$/i.exec(alternative);
      if (match === null) return `Invalid filter: ${text}, only conditions of the form <name> eq '<value>' are allowed`;
      const [, name = '', comparison = '', value = ''] = match;
      const operator = comparison.toLowerCase() === 'eq' ? 'Include' : 'Exclude';
      const filter = filters.get(name.toLowerCase()) ?? { name, operator, values: [] };
      if (filter.operator !== operator) return `Invalid filter: ${text}, eq and ne cannot be mixed for ${name}`;
      filter.values.push(value);
      filters.set(name.toLowerCase(), filter);
      names.add(name.toLowerCase());
    }
    if (names.size > 1) return `Invalid filter: ${text}, or cannot separate two different metadata names`;
  }
  return [...filters.values()];
}
