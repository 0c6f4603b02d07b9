import type { OperationKind, ResourceType } from './resource-type.ts';

/** `PutSubnetOperation`, `DeleteVirtualNetworkOperation` */
export function operationName(type: ResourceType, kind: OperationKind): string {
  const own = type.operationName?.(kind);
  if (own !== undefined) return own;
  const last = type.type.split('/').at(-1) ?? '';
  const singular = last
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/(?<!s)s$/, '');
  return `${kind === 'delete' ? 'Delete' : 'Put'}${capital(singular)}Operation`;
}

/** With a capital first letter. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
