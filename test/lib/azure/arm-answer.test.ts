import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readListRefusal, readRefusal, retryAfterSecondsOf, saysAbsent } from '../../../lib/azure/arm-answer.ts';
import { ArmListError } from '../../../lib/azure/arm-errors.ts';

const RESOURCE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';

function refusal(status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  return readRefusal({ status, headers, body: JSON.parse(JSON.stringify(body)) }, RESOURCE);
}

describe('reading a refusal of Azure', () => {
  it.each([
    [409, 'AnotherOperationInProgress', 'wait', 'azure-temporary'],
    [400, 'ReferencedResourceNotProvisioned', 'wait', 'azure-temporary'],
    [429, 'SubscriptionRequestsThrottled', 'wait', 'azure-temporary'],
    [500, 'InternalServerError', 'wait', 'azure-temporary'],
    [412, 'PreconditionFailed', 'reread', 'azure-temporary'],
    [403, 'AuthorizationFailed', 'wait', 'operator'],
    [401, 'ExpiredAuthenticationToken', 'wait', 'azure-temporary'],
    [401, 'InvalidAuthenticationToken', 'stop', 'operator'],
    [401, 'SomethingElse', 'stop', 'operator'],
    [409, 'ScopeLocked', 'stop', 'operator'],
    [403, 'RequestDisallowedByPolicy', 'stop', 'operator'],
    [400, 'PublicIPCountLimitReached', 'stop', 'operator'],
    [400, 'InUseSubnetCannotBeDeleted', 'stop', 'operator'],
    [400, 'NetcfgSubnetRangesOverlap', 'stop', 'azure-permanent'],
    [404, 'SubscriptionNotFound', 'stop', 'caller'],
  ])('%d %s means %s, for the %s', (status, code, disposition, actor) => {
    const read = refusal(status, { error: { code, message: 'why' } });

    expect(read).toMatchObject({ disposition, problem: { code, actor, message: 'why', resource: RESOURCE } });
    expect(read.problem.remedy).not.toBe('');
  });

  it('takes the telling code out of the details', () => {
    const read = refusal(429, {
      error: { code: 'RetryableError', message: 'x', details: [{ code: 'ReferencedResourceNotProvisioned' }] },
    });
    const superseded = refusal(200, {
      status: 'Canceled',
      error: { code: 'Canceled', message: 'x', details: [{ code: 'CanceledAndSupersededDueToAnotherOperation' }] },
    });

    expect(read.disposition).toBe('wait');
    expect(superseded).toMatchObject({
      disposition: 'reread',
      problem: { code: 'CanceledAndSupersededDueToAnotherOperation' },
    });
  });

  it('reads flat bodies, and answers without any', () => {
    expect(refusal(409, { code: 'OperationNotAllowed', message: 'busy' })).toMatchObject({
      disposition: 'wait',
      problem: { code: 'OperationNotAllowed' },
    });
    expect(readRefusal({ status: 503, headers: {}, body: undefined }, RESOURCE)).toMatchObject({
      disposition: 'wait',
      problem: { code: 'Http503' },
    });
    expect(readRefusal({ status: 502, headers: {}, body: '<html>' }, RESOURCE)).toMatchObject({ disposition: 'wait' });
  });

  it('reads Retry-After in seconds, within bounds', () => {
    expect(retryAfterSecondsOf({ 'retry-after': '17' })).toBe(17);
    expect(retryAfterSecondsOf({ 'retry-after': '0.2' })).toBe(1);
    expect(retryAfterSecondsOf({ 'retry-after': '999999' })).toBe(3_600);
    expect(retryAfterSecondsOf({ 'retry-after': 'soon' })).toBeUndefined();
    expect(retryAfterSecondsOf({ 'retry-after': '-1' })).toBeUndefined();
    expect(retryAfterSecondsOf({})).toBeUndefined();
  });
});

describe('a 404', () => {
  it.each([
    ['ResourceNotFound', true],
    ['ResourceGroupNotFound', true],
    ['ParentResourceNotFound', true],
    ['NotFound', true],
    ['', true],
    ['SubscriptionNotFound', false],
    ['InvalidResourceType', false],
  ])("'%s' says that the resource is not there: %p", (code, expected) => {
    expect(saysAbsent({ status: 404, body: { error: { code, message: '' } } })).toBe(expected);
  });

  it('of a list passes by itself, and whatever else refuses it means what it means elsewhere', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(200, 400, 403, 404, 404, 409, 429, 503),
        fc.constantFrom('NotFound', 'ResourceGroupNotFound', 'SubscriptionNotFound', 'InvalidResourceType', 'Other'),
        fc.nat({ max: 3 }),
        (status, code, page) => {
          const response = { status, headers: {}, body: { error: { code, message: 'why' } } };

          const read = readListRefusal(new ArmListError(RESOURCE, response, page));

          if (saysAbsent(response))
            expect(read).toMatchObject({
              disposition: 'wait',
              problem: { code, actor: 'azure-temporary', resource: RESOURCE },
              givenUp: { actor: 'operator' },
            });
          else expect(read).toEqual(readRefusal(response, RESOURCE));
        },
      ),
    );
  });
});
