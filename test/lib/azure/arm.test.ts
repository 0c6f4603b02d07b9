import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline';
import { describe, expect, it } from '@jest/globals';
import { createArm } from '../../../lib/azure/arm.ts';
import { listBelow } from '../../../lib/azure/lists.ts';

const ENDPOINT = 'https://management.azure.com';
const ZONE = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z';
const LINKS = `${ZONE}/virtualNetworkLinks`;
const NOT_FOUND = { status: 404, body: { error: { code: 'NotFound', message: 'No.' } } };

/** Resource Manager with these answers, by path and query without the version; all else is not found. */
function armWith(answers: Readonly<Record<string, { readonly status: number; readonly body: unknown }>>) {
  const asked: string[] = [];
  const httpClient: HttpClient = {
    async sendRequest(request) {
      const url = new URL(request.url);
      url.searchParams.delete('api-version');
      const target = `${url.pathname}${url.search}`;
      asked.push(target);
      const { status, body } = answers[target] ?? NOT_FOUND;
      return { request, status, headers: createHttpHeaders(), bodyAsText: JSON.stringify(body) };
    },
  };
  const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }) };
  return { arm: createArm({ endpoint: ENDPOINT, tokenScope: `${ENDPOINT}/.default`, credential, httpClient }), asked };
}

describe('a list below a resource', () => {
  const parent = { id: ZONE, apiVersion: '2024-06-01' };
  const firstPage = { status: 200, body: { value: [{ id: `${LINKS}/one` }], nextLink: `${ENDPOINT}${LINKS}?page=2` } };

  it('has all pages', async () => {
    const last = { status: 200, body: { value: [{ id: `${LINKS}/two` }] } };
    const { arm } = armWith({ [LINKS]: firstPage, [`${LINKS}?page=2`]: last });

    const items = await listBelow(arm, parent, LINKS, parent.apiVersion);

    expect(items?.map(({ id }) => id)).toEqual([`${LINKS}/one`, `${LINKS}/two`]);
  });

  it('is none where the resource is not there', async () => {
    const { arm, asked } = armWith({});

    expect(await listBelow(arm, parent, LINKS, parent.apiVersion)).toBeNull();
    expect(asked).toEqual([LINKS, ZONE]);
  });

  it.each([
    ['the list', { [ZONE]: { status: 200, body: { id: ZONE } } }, LINKS],
    ['a later page', { [LINKS]: firstPage }, LINKS],
    [
      'the resource in a subscription that nobody sees',
      { [ZONE]: { status: 404, body: { error: { code: 'SubscriptionNotFound', message: 'No.' } } } },
      ZONE,
    ],
  ])('is refused where only %s is not found', async (_, answers, resource) => {
    const { arm } = armWith(answers);

    await expect(listBelow(arm, parent, LINKS, parent.apiVersion)).rejects.toMatchObject({ problem: { resource } });
  });
});
