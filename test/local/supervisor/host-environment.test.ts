import { describe, expect, it } from '@jest/globals';
import { clientEnvironment, hostEnvironment, type Surroundings } from '../../../local/supervisor/host-environment.ts';

const SURROUNDINGS: Surroundings = {
  armUrl: 'https://127.0.0.1:7072',
  identityEndpoint: 'https://127.0.0.1:7072/msi/token',
  identityHeader: 'secret',
  blobUrl: 'https://127.0.0.1:1/account',
  queueUrl: 'https://127.0.0.1:2/account',
  tableUrl: 'https://127.0.0.1:3/account',
  trustedCertificatesFile: '/state/trusted.pem',
};

describe('hostEnvironment', () => {
  it("drops what in somebody's shell would change the app's identity or storage", () => {
    const inherited = {
      AZURE_CLIENT_ID: 'mine',
      AZURE_CLIENT_SECRET: 'mine',
      MSI_ENDPOINT: 'mine',
      AzureWebJobsStorage: 'mine',
      HUBKEEPER_STOPPED: 'true',
      PATH: '/bin',
    };

    const environment = hostEnvironment(inherited, {}, SURROUNDINGS);

    expect(Object.values(environment)).not.toContain('mine');
    expect(environment).toMatchObject({ HUBKEEPER_STOPPED: 'true', PATH: '/bin', IDENTITY_HEADER: 'secret' });
  });

  it('lets nobody redirect the app away from the simulation', () => {
    const inherited = { HUBKEEPER_ARM_ENDPOINT: 'https://management.azure.com', HUBKEEPER_TIME_URL: '' };

    expect(hostEnvironment(inherited, {}, SURROUNDINGS)).toMatchObject({
      HUBKEEPER_ARM_ENDPOINT: 'https://127.0.0.1:7072',
      HUBKEEPER_TIME_URL: 'https://127.0.0.1:7072/_sim/clock',
    });
  });

  it('takes settings from files, unless the shell says otherwise, and never for endpoints', () => {
    const settings = { SCHEDULE: 'file', LIMIT: 'file', HUBKEEPER_ARM_ENDPOINT: 'file', AzureWebJobsStorage: 'file' };

    const environment = hostEnvironment({ LIMIT: 'shell' }, settings, SURROUNDINGS);

    expect(environment).toMatchObject({
      SCHEDULE: 'file',
      LIMIT: 'shell',
      HUBKEEPER_ARM_ENDPOINT: SURROUNDINGS.armUrl,
    });
    expect(environment).not.toHaveProperty('AzureWebJobsStorage');
  });

  it('names a task hub as Durable Functions demands', () => {
    expect(hostEnvironment({}, {}, SURROUNDINGS).TASKHUB_NAME).toMatch(/^[A-Za-z][A-Za-z0-9]{2,44}$/);
  });
});

describe('clientEnvironment', () => {
  it.each([
    [{}, '127.0.0.1,localhost'],
    [{ NO_PROXY: 'example.org, localhost' }, 'example.org,localhost,127.0.0.1'],
    [{ no_proxy: 'example.org' }, 'example.org,127.0.0.1,localhost'],
    [{ NO_PROXY: '' }, '127.0.0.1,localhost'],
  ])('keeps the loopback off every proxy: %j', (inherited, expected) => {
    expect(clientEnvironment(inherited, '/ca.pem')).toMatchObject({ NO_PROXY: expected, no_proxy: expected });
  });
});
