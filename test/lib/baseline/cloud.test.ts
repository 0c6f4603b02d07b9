import { describe, expect, it } from '@jest/globals';
import { azureCloudTag, cloudEndpoints, normaliseLocation } from '../../../lib/baseline/cloud.ts';

describe('clouds', () => {
  it.each([
    ['West Europe', 'westeurope'],
    ['westeurope', 'westeurope'],
    ['Germany West Central', 'germanywestcentral'],
  ])('know %s as %s', (location, expected) => {
    expect(normaliseLocation(location)).toBe(expected);
  });

  it.each([
    ['westeurope', 'AzureCloud.westeurope'],
    ['francecentral', 'AzureCloud.centralfrance'],
    ['germanywestcentral', 'AzureCloud.germanywc'],
    ['norwayeast', 'AzureCloud.norwaye'],
  ])('spell the service tag of %s as %s', (region, tag) => {
    expect(azureCloudTag(region)).toBe(tag);
  });

  it('have a management endpoint each, and the FQDN tag in one', () => {
    const clouds = (['AzurePublic', 'AzureUSGovernment', 'AzureChina'] as const).map(cloudEndpoints);

    expect(new Set(clouds.map(({ management }) => management)).size).toBe(3);
    expect(clouds.map(({ kubernetesFqdnTag }) => kubernetesFqdnTag)).toEqual([true, false, false]);
  });
});
