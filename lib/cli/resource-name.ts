import { plain } from './style.ts';

/** An ARM id as people say it. */
export interface ResourceName {
  /** `fw-hub`, `vnet-hub/snet-nodes` for a child, `diagnostic settings of fw-hub` for what hangs on another resource. */
  readonly name: string;
  /** Resource group; empty when the id has none. */
  readonly group: string;
}

/** Splits an ARM id. What is none stays whole as `name`. */
export function resourceName(id: string): ResourceName {
  const segments = plain(id)
    .split('/')
    .filter((segment) => segment !== '');
  const groupAt = segments.findIndex((segment) => segment.toLowerCase() === 'resourcegroups');
  const group = groupAt < 0 ? '' : (segments[groupAt + 1] ?? '');
  const providerAt = segments.findLastIndex((segment) => segment.toLowerCase() === 'providers');
  if (providerAt < 0) return group === '' ? { name: plain(id), group: '' } : { name: group, group };
  const names = segments.slice(providerAt + 2).filter((_, index) => index % 2 === 1);
  if (names.length === 0) return { name: plain(id), group };
  const hasCarrier = segments.slice(0, providerAt).some((segment) => segment.toLowerCase() === 'providers');
  if (!hasCarrier) return { name: names.join('/'), group };
  const carrier = segments[providerAt - 1] ?? '';
  // Diagnostic settings bear one name everywhere: what tells them apart is what they are of.
  const isDiagnostics = segments.at(-2)?.toLowerCase() === 'diagnosticsettings';
  return { name: `${isDiagnostics ? 'diagnostic settings' : names.join('/')} of ${carrier}`, group };
}

/** `fw-hub (rg-hub)`. */
export function resourceText(id: string): string {
  const { name, group } = resourceName(id);
  return group === '' || group === name ? name : `${name} (${group})`;
}
