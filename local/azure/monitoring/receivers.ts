import type { StoredResource } from '../resource-type.ts';
import { flagAt, objectsAt, textAt, valueAt } from '../resource-types/support/fields.ts';

export const ACTION_GROUPS = 'Microsoft.Insights/actionGroups';

/** An address that an action group calls. */
export interface Receiver {
  readonly kind: 'webhook' | 'secureWebhook' | 'azureFunction' | 'logicApp';
  readonly name: string;
  /** With whatever keys it has. */
  readonly url: string;
  readonly commonSchema: boolean;
  /** Audience of the token that a secure webhook is called with. */
  readonly audience?: string;
  readonly tenantId?: string;
}

/** Whom an action group calls over HTTP; nobody while it is disabled. Mail, SMS and the like reach nobody here. */
export function receiversOf(actionGroup: StoredResource): readonly Receiver[] {
  const properties = valueAt(actionGroup.body, 'properties');
  if (!flagAt(properties, 'enabled')) return [];
  const webhooks = objectsAt(properties, 'webhookReceivers').map((one): Receiver => {
    const secure = flagAt(one, 'useAadAuth');
    const tenantId = textAt(one, 'tenantId');
    return {
      kind: secure ? 'secureWebhook' : 'webhook',
      name: textAt(one, 'name') ?? '',
      url: textAt(one, 'serviceUri') ?? '',
      commonSchema: flagAt(one, 'useCommonAlertSchema'),
      ...(secure ? { audience: textAt(one, 'identifierUri') ?? '' } : {}),
      ...(secure && tenantId !== undefined ? { tenantId } : {}),
    };
  });
  const others = (list: string, kind: Receiver['kind'], address: string): readonly Receiver[] =>
    objectsAt(properties, list).map((one) => ({
      kind,
      name: textAt(one, 'name') ?? '',
      url: textAt(one, address) ?? '',
      commonSchema: flagAt(one, 'useCommonAlertSchema'),
    }));
  return [
    ...webhooks,
    ...others('azureFunctionReceivers', 'azureFunction', 'httpTriggerUrl'),
    ...others('logicAppReceivers', 'logicApp', 'callbackUrl'),
  ];
}

/** What may be shown of an address: neither user nor query. */
export function shownAddress(url: string): string {
  if (!URL.canParse(url)) return '';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
