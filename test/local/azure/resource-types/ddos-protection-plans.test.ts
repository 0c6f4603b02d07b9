import { describe, expect } from '@jest/globals';
import { HUB, LOCATION, network } from './fixtures.ts';
import { type Azure, at, hub } from './harness.ts';
import { accepts, refuses } from './rules.ts';

const PLAN = hub('ddosProtectionPlans/ddos');
const protectedNetwork = network(['10.0.0.0/16'], { enableDdosProtection: true, ddosProtectionPlan: { id: PLAN } });

function used(azure: Azure): void {
  azure.make(PLAN, { location: LOCATION });
  azure.make(HUB, protectedNetwork);
}

describe('DDoS protection plan', () => {
  refuses([
    {
      name: 'deletion while a network has it',
      given: used,
      method: 'DELETE',
      id: PLAN,
      code: 'InUseDdosProtectionPlanCannotBeDeleted',
    },
    {
      name: 'a second plan in one region of a subscription',
      given: (azure) => azure.make(PLAN, { location: LOCATION }),
      id: hub('ddosProtectionPlans/second'),
      body: { location: LOCATION },
      code: 'DdosProtectionPlanCountLimitReached',
    },
  ]);
  accepts([
    {
      name: 'a network, and shows it',
      given: (azure) => azure.make(PLAN, { location: LOCATION }),
      id: HUB,
      body: protectedNetwork,
      after: (azure) => expect(at(azure.get(PLAN).body, 'properties', 'virtualNetworks')).toEqual([{ id: HUB }]),
    },
    {
      name: 'deletion once no network has it',
      given: (azure) => {
        used(azure);
        azure.make(HUB, network(['10.0.0.0/16']));
      },
      method: 'DELETE',
      id: PLAN,
      after: (azure) => expect(azure.get(PLAN).status).toBe(404),
    },
  ]);
});
