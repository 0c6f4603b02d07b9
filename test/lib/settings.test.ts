import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../../lib/problem.ts';
import { readSettings } from '../../lib/settings.ts';

const needed = {
  AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net/',
  AzureWebJobsStorage__tableServiceUri: 'https://account.table.core.windows.net',
};

describe('settings', () => {
  it('have defaults for all but the storage account', () => {
    expect(readSettings(needed)).toMatchObject({
      blobServiceUrl: 'https://account.blob.core.windows.net',
      armEndpoint: 'https://management.azure.com',
      timeUrl: undefined,
      managedIdentityClientId: undefined,
      stopped: false,
      allowedScopes: [],
      maximumStartsPerTurn: 12,
    });
  });

  it('are read with their types', () => {
    const settings = readSettings({
      ...needed,
      HUBKEEPER_STOPPED: 'true',
      HUBKEEPER_ALLOWED_SCOPES: ' /subscriptions/a , /subscriptions/b/resourceGroups/c',
      HUBKEEPER_MAXIMUM_STARTS_PER_TURN: '7',
      AZURE_CLIENT_ID: '',
    });

    expect(settings).toMatchObject({
      stopped: true,
      allowedScopes: ['/subscriptions/a', '/subscriptions/b/resourceGroups/c'],
      maximumStartsPerTurn: 7,
    });
  });

  it.each([
    ['AzureWebJobsStorage__blobServiceUri', undefined],
    ['AzureWebJobsStorage__blobServiceUri', 'http://account.blob.core.windows.net'],
    ['HUBKEEPER_ARM_ENDPOINT', 'ftp://somewhere'],
    ['HUBKEEPER_STOPPED', 'maybe'],
    ['HUBKEEPER_MAXIMUM_STARTS_PER_TURN', '0'],
    ['HUBKEEPER_MAXIMUM_STARTS_PER_TURN', '13'],
    ['HUBKEEPER_ALLOWED_SCOPES', 'everything'],
    ['HUBKEEPER_RECONCILER_SCHEDULE', 'now'],
    ['AZURE_CLIENT_ID', 'me'],
  ])('refuse %s=%s by name, for the operator', (name, value) => {
    let thrown: unknown;
    try {
      readSettings({ ...needed, [name]: value });
    } catch (error) {
      thrown = error;
    }

    expect(thrown).toBeInstanceOf(ProblemError);
    expect((thrown as ProblemError).problem).toMatchObject({
      code: 'InvalidSetting',
      actor: 'operator',
      message: expect.stringContaining(name),
    });
  });
});
