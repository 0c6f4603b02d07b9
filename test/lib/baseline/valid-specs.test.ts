import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { contains, overlaps, parsePrefix } from '../../../lib/baseline/address-space.ts';
import type { BaselineSpecInput } from '../../../lib/baseline/spec.ts';
import { validateSpecDocument, validateSpecValue } from '../../../lib/baseline/validate.ts';
import { isWarning, type ViolationCode } from '../../../lib/baseline/violation-codes.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { arbitrarySpec } from '../../support/arbitrary-spec.ts';
import { type Changes, withChanges } from '../../support/invalid-specs.ts';

/** More of them with HUBKEEPER_GENERATED_SPECS=20000. */
const numRuns = Number(process.env.HUBKEEPER_GENERATED_SPECS ?? 300);
const options = { todayIso: '2026-11-20' };
/** Kubenet and others on their way out are valid until their day. */
const toJson = (spec: BaselineSpecInput): JsonObject => JSON.parse(JSON.stringify(spec)) as JsonObject;
const validate = (spec: BaselineSpecInput) => validateSpecValue(toJson(spec), options);

interface Mutation {
  readonly code: ViolationCode;
  /** Undefined when the spec has nothing to break in this way. */
  readonly changes: (spec: BaselineSpecInput) => Changes | undefined;
}

const firstCluster = (spec: BaselineSpecInput) => (spec.spokes ?? []).findIndex(({ cluster }) => cluster !== undefined);
const inCluster = (place: string, value: unknown) => (spec: BaselineSpecInput) => {
  const index = firstCluster(spec);
  return index < 0 ? undefined : { [`spokes[${index}].cluster.${place}`]: value };
};
const spokeCount = (spec: BaselineSpecInput) => spec.spokes?.length ?? 0;

/** Each breaks one rule of a valid spec and no other. */
const mutations: readonly Mutation[] = [
  { code: 'PropertyUnknown', changes: () => ({ 'hub.colour': 'blue' }) },
  { code: 'PropertyMissing', changes: () => ({ 'hub.location': undefined }) },
  {
    code: 'TimeZoneUnknown',
    changes: () => ({ changeWindows: [{ days: ['Monday'], start: '01:00', durationMinutes: 60, timeZone: 'Mars' }] }),
  },
  { code: 'TagNameInvalid', changes: () => ({ tags: { 'a?b': 'x' } }) },
  { code: 'BudgetBounds', changes: () => ({ budgets: { perRun: 3, perDay: 2 } }) },
  { code: 'NameOverrideUnknown', changes: () => ({ nameOverrides: { 'routeTable/none': 'x' } }) },
  { code: 'SubnetTooSmall', changes: () => ({ 'hub.subnets.bastion': { prefixLength: 27 } }) },
  {
    code: 'SubnetDoesNotFit',
    changes: ({ hub }) => ({
      'hub.subnets.additional': [
        ...(hub.subnets?.additional ?? []),
        { name: 'snet-large', purpose: 'general', prefixLength: 21 },
      ],
    }),
  },
  {
    code: 'SubnetNameReserved',
    changes: ({ hub }) => ({
      'hub.subnets.additional': [
        ...(hub.subnets?.additional ?? []),
        { name: 'gatewaysubnet', purpose: 'general', prefixLength: 28 },
      ],
    }),
  },
  {
    code: 'PeeringWithItself',
    changes: (spec) => (spokeCount(spec) > 0 ? { spokeToSpokePeerings: [['s0', 's0']] } : undefined),
  },
  {
    code: 'SpokeUnknown',
    changes: (spec) => (spokeCount(spec) > 0 ? { spokeToSpokePeerings: [['s0', 'nobody']] } : undefined),
  },
  {
    code: 'NetworksOverlap',
    changes: (spec) =>
      spokeCount(spec) > 0
        ? { 'hub.network.addressPrefixes': [...spec.hub.network.addressPrefixes, '10.1.64.0/20'] }
        : undefined,
  },
  {
    code: 'PublicIpBounds',
    changes: ({ hub }) =>
      hub.firewall === undefined
        ? undefined
        : { 'hub.firewall.publicIps.minimum': 25, 'hub.firewall.publicIps.maximum': 30 },
  },
  {
    code: 'EgressHopTwice',
    changes: ({ hub }) =>
      hub.firewall === undefined ? undefined : { 'hub.virtualAppliance': { privateIpAddress: '10.200.3.5' } },
  },
  {
    code: 'RulePriorityDuplicate',
    changes: ({ hub }) =>
      hub.firewall === undefined
        ? undefined
        : {
            'hub.firewall.ruleCollectionGroups': ['a', 'b'].map((name) => ({
              name,
              priority: 700,
              ruleCollections: [],
            })),
          },
  },
  { code: 'OutboundTypeNeedsManagedNetwork', changes: inCluster('outboundType', 'managedNATGateway') },
  {
    code: 'SystemAssignedIdentity',
    changes: (spec) =>
      spec.spokes?.[firstCluster(spec)]?.cluster?.networking?.plugin === 'kubenet'
        ? undefined
        : inCluster('identity', { type: 'systemAssigned' })(spec),
  },
  { code: 'DnsServiceIpOutside', changes: inCluster('networking.dnsServiceIp', '172.29.0.10') },
  { code: 'FeatureRetired', changes: inCluster('addons.podIdentity', true) },
  {
    code: 'NodePoolNameDuplicate',
    changes: (spec) =>
      inCluster(
        'nodePools',
        ['a', 'a'].map((name) => ({ name, mode: 'System', maxCount: 3 })),
      )(spec),
  },
];

describe('valid specs', () => {
  it('are validated with nothing but warnings, and leave each subnet a place of its own', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const result = validate(spec);

        expect(result.ok ? [] : result.violations).toEqual([]);
        expect(result.warnings.every(({ code }) => isWarning(code))).toBe(true);
        for (const network of result.ok ? result.resolved.networks : []) {
          const space = network.addressPrefixes.flatMap((text) => parsePrefix(text) ?? []);
          const places = network.subnets.flatMap((subnet) =>
            subnet.addressPrefixes.flatMap((text) => parsePrefix(text) ?? []),
          );
          for (const [index, place] of places.entries()) {
            expect(space.some((prefix) => contains(prefix, place))).toBe(true);
            expect(places.slice(index + 1).some((other) => overlaps(other, place))).toBe(false);
          }
        }
      }),
      { numRuns },
    );
  });

  it('are the same as YAML, as JSON and as a value, and twice', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const encode = (text: string) => new TextEncoder().encode(text);
        const value = validate(spec);

        expect(validateSpecDocument(encode(stringify(toJson(spec))), 'application/yaml', options)).toEqual(value);
        expect(validateSpecDocument(encode(JSON.stringify(spec)), 'application/json', options)).toEqual(value);
      }),
      { numRuns: Math.ceil(numRuns / 6) },
    );
  });

  it('keep the prefixes of their subnets when a spoke gets one more', () => {
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const [first] = spec.spokes ?? [];
        if (first === undefined) return;
        const grown = withChanges(spec, {
          'spokes[0].subnets': [...first.subnets, { name: 'snet-new', purpose: 'general', prefixLength: 25 }],
        });
        const [before, after] = [validate(spec), validate(grown)];

        const prefixesOf = (result: typeof before) =>
          new Map(
            result.ok
              ? result.resolved.networks[1]?.subnets.map(({ name, addressPrefixes }) => [name, addressPrefixes])
              : [],
          );
        const later = prefixesOf(after);
        expect(later.has('snet-new')).toBe(true);
        for (const [name, prefixes] of prefixesOf(before)) expect(later.get(name)).toEqual(prefixes);
      }),
      { numRuns: Math.ceil(numRuns / 6) },
    );
  });

  it.each(mutations)('broken in one way are reported as $code alone', ({ code, changes }) => {
    let broken = 0;
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const places = changes(spec);
        if (places === undefined) return;
        broken += 1;
        const result = validate(withChanges(spec, places));

        expect(result.ok ? [] : [...new Set(result.violations.map((entry) => entry.code))]).toEqual([code]);
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    );
    expect(broken).toBeGreaterThan(0);
  });
});
