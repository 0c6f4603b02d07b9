import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isOwnWrite } from '../../../lib/alerts/own-write.ts';
import { managedCandidates, type ResourceEvent, readResourceEvent } from '../../../lib/alerts/resource-event.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { asCloudEvent, PERSON, PORTAL, resourceEvent } from '../../support/resource-events.ts';

const RECEIVED = '2026-06-01T08:00:10.000Z';
const GROUP = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-hub';
const NSG = `${GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-a`;
const RULE = `${NSG}/securityRules/open-22`;

function eventOf(value: unknown): ResourceEvent {
  const read = readResourceEvent(value, RECEIVED);
  if (read.outcome !== 'event') throw new Error(`It is no event: ${read.why}`);
  return read.event;
}

describe('readResourceEvent', () => {
  it('reads who changed what and when, from both schemas alike', () => {
    const event = resourceEvent(RULE, { name: 'Jo Smith' });

    expect(eventOf(event)).toEqual({
      key: expect.stringMatching(/^[0-9a-f]{24}$/),
      id: 'event-1',
      resource: RULE,
      action: 'write',
      at: '2026-06-01T08:00:00.123Z',
      author: { name: 'Jo Smith', objectId: PERSON, appId: PORTAL },
      callerIds: [PERSON.replaceAll('-', ''), PORTAL.replaceAll('-', '')],
      correlationId: '6e4b1f0a-35f3-4f0c-8a0e-5a5b7a1f0001',
      clientRequestId: null,
    });
    expect(eventOf(asCloudEvent(event))).toEqual(eventOf(event));
  });

  it.each([
    ['Microsoft.Resources.ResourceDeleteSuccess', 'delete'],
    ['microsoft.resources.resourceactionsuccess', 'action'],
  ])('reads %s as %s', (type, action) => {
    expect(eventOf(resourceEvent(RULE, { type })).action).toBe(action);
  });

  it('shows the sign-in name beside the name, and no control characters', () => {
    const upn = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn';
    const claims = { name: 'Jo\u001b[2J\u202e Smith', [upn]: 'jo@example.com' };

    expect(eventOf(resourceEvent(RULE, { data: { claims } })).author?.name).toBe('Jo [2J  Smith (jo@example.com)');
  });

  it('knows the caller by the evidence alone, and objects that come as text', () => {
    const principalId = 'ABCDEF00111122223333444455556666';
    const data = { claims: '{}', authorization: JSON.stringify({ evidence: { principalId } }), httpRequest: '' };

    const event = eventOf(resourceEvent(RULE, { data }));

    expect(event).toMatchObject({ author: null, callerIds: [principalId.toLowerCase()], clientRequestId: null });
  });

  it('takes the time it came in where an event has none, and never a later one', () => {
    const { time: _, ...timeless } = asCloudEvent(resourceEvent(RULE));

    expect(eventOf(timeless).at).toBe(RECEIVED);
    expect(eventOf(resourceEvent(RULE, { at: '2031-01-01T00:00:00Z' })).at).toBe(RECEIVED);
  });

  it.each<[string, JsonObject, RegExp]>([
    ['a failure', resourceEvent(RULE, { type: 'Microsoft.Resources.ResourceWriteFailure' }), /did not come about/],
    ['a cancel', resourceEvent(RULE, { type: 'Microsoft.Resources.ResourceDeleteCancel' }), /did not come about/],
    ['another source', resourceEvent(RULE, { type: 'Microsoft.KeyVault.SecretExpired' }), /Only events of Microsoft/],
    ['what is old', resourceEvent(RULE, { at: '2026-05-31T07:00:00Z' }), /older than a day/],
    [
      'a deployment',
      resourceEvent(`${GROUP}/providers/Microsoft.Resources/deployments/main`),
      /what that wrote has events of its own/,
    ],
    ['a subscription', resourceEvent('/subscriptions/s'), /nothing in a resource group/],
    ['a broken id', resourceEvent(`${NSG}/securityRules`), /nothing in a resource group/],
    [
      'an action that changes nothing',
      resourceEvent(NSG, {
        type: 'Microsoft.Resources.ResourceActionSuccess',
        operationName: 'Microsoft.Network/networkSecurityGroups/join/action',
      }),
      /changes nothing/,
    ],
  ])('ignores %s and says why', (_, event, why) => {
    expect(readResourceEvent(event, RECEIVED)).toMatchObject({ outcome: 'ignored', why: expect.stringMatching(why) });
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['a list', []],
    ['an empty object', {}],
    ['a numeric version', { ...asCloudEvent(resourceEvent(RULE)), specversion: 1 }],
    ['no time', { ...resourceEvent(RULE), eventTime: 'yesterday' }],
    ['an endless id', { ...resourceEvent(RULE), id: 'x'.repeat(600) }],
    ['an endless subject', { ...resourceEvent(RULE), subject: `/${'x'.repeat(3_000)}` }],
  ])('says what is wrong with %s', (_, value) => {
    expect(readResourceEvent(value, RECEIVED)).toMatchObject({ outcome: 'malformed', why: expect.any(String) });
  });

  it('never throws, and takes no time over ids made to keep it busy', () => {
    fc.assert(
      fc.property(fc.anything(), fc.jsonValue(), (value, data) => {
        readResourceEvent(value, RECEIVED);
        readResourceEvent({ ...resourceEvent(RULE), data }, RECEIVED);
      }),
    );
    const busy = `${GROUP}${'/providers/a/b/c'.repeat(120)}/odd`;
    expect(readResourceEvent(resourceEvent(busy), RECEIVED)).toMatchObject({ outcome: 'ignored' });
  });
});

describe('managedCandidates', () => {
  it.each([
    [RULE, [RULE, NSG]],
    [NSG, [NSG]],
    [GROUP, [GROUP]],
    [`${NSG}/providers/Microsoft.Resources/tags/default`, [NSG]],
    [`${GROUP}/providers/microsoft.resources/TAGS/default`, [GROUP]],
    [`${NSG}/providers/Microsoft.Authorization/locks/l`, [`${NSG}/providers/Microsoft.Authorization/locks/l`]],
  ])('of %s', (resource, expected) => {
    expect(managedCandidates(resource)).toEqual(expected);
  });
});

describe('isOwnWrite', () => {
  const own = { objectId: 'AAAAAAAA-0000-4000-8000-00000000000A', appId: 'bbbbbbbb-0000-4000-8000-00000000000b' };
  const write = { correlationId: 'CCCCCCCC-0000-8000-8000-00000000000C', clientRequestId: 'prod-7:1' };
  const ours = { objectId: own.objectId, appId: '', correlationId: write.correlationId.toLowerCase() };

  it('needs the identity, in any spelling, and the ledger', () => {
    expect(isOwnWrite(eventOf(resourceEvent(NSG, ours)), own, [write])).toBe(true);
    const byAppId = { ...ours, objectId: PERSON, appId: own.appId.toUpperCase().replaceAll('-', '') };
    expect(isOwnWrite(eventOf(resourceEvent(NSG, byAppId)), own, [write])).toBe(true);
    const byRequest = { ...ours, correlationId: PERSON, clientRequestId: 'PROD-7:1' };
    expect(isOwnWrite(eventOf(resourceEvent(NSG, byRequest)), own, [write])).toBe(true);
    expect(isOwnWrite(eventOf(resourceEvent(NSG, ours)), own, [])).toBe(false);
    expect(isOwnWrite(eventOf(resourceEvent(NSG, { ...ours, objectId: PERSON })), own, [write])).toBe(false);
    expect(isOwnWrite(eventOf(resourceEvent(NSG, ours)), { objectId: null, appId: null }, [write])).toBe(false);
  });

  it('never takes what a person does with our identity for ours', () => {
    const writes = fc.array(fc.record({ correlationId: fc.uuid(), clientRequestId: fc.string({ minLength: 1 }) }));
    fc.assert(
      fc.property(writes, fc.uuid(), fc.option(fc.uuid()), (noted, correlationId, clientRequestId) => {
        const known = noted.filter(
          (one) => one.correlationId !== correlationId && one.clientRequestId !== clientRequestId,
        );
        const parts = { ...ours, correlationId, ...(clientRequestId === null ? {} : { clientRequestId }) };
        const event = eventOf(resourceEvent(NSG, parts));

        expect(isOwnWrite(event, own, known)).toBe(false);
      }),
    );
  });
});
