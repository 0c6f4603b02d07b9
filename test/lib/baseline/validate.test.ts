import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { overlaps, parsePrefix, prefixAt } from '../../../lib/baseline/address-space.ts';
import { maxViolations, validateSpecDocument } from '../../../lib/baseline/validate.ts';
import { isWarning, violationCodes } from '../../../lib/baseline/violation-codes.ts';
import { baseSpec } from '../../support/base-spec.ts';
import { changed, invalidSpecs } from '../../support/invalid-specs.ts';
import { unreadableDocuments } from '../../support/unreadable-documents.ts';

const todayIso = '2026-11-20';
const bytesOf = (text: string) => new TextEncoder().encode(text);
const validate = (spec: unknown, today = todayIso) =>
  validateSpecDocument(bytesOf(stringify(spec)), 'application/yaml', { todayIso: today });

function found(result: ReturnType<typeof validate>) {
  return [...(result.ok ? [] : result.violations), ...result.warnings];
}

describe('validation of specs', () => {
  it('takes the base spec without a word, as YAML and as JSON', () => {
    const yaml = validate(baseSpec());
    const json = validateSpecDocument(bytesOf(JSON.stringify(baseSpec())), 'application/json', { todayIso });

    expect(found(yaml)).toEqual([]);
    expect(yaml.ok && json.ok && json.resolved).toEqual(yaml.ok && yaml.resolved);
  });

  it.each(
    invalidSpecs.map((entry) => ({
      ...entry,
      title: `${entry.code} at ${entry.path}${entry.what ? ` (${entry.what})` : ''}`,
    })),
  )('reports $title', ({ code, path, changes, also = [] }) => {
    const result = validate(changed(changes));
    const reported = found(result);

    expect(reported.filter((entry) => entry.code === code).map((entry) => entry.path)).toContain(path);
    expect([...new Set(reported.map((entry) => entry.code))].sort()).toEqual([...new Set([code, ...also])].sort());
    expect(result.ok).toBe([code, ...also].every(isWarning));
  });

  it('reports every code, warnings included, for at least one document', () => {
    const reached = new Set([...invalidSpecs, ...unreadableDocuments].map(({ code }) => code));

    expect(Object.keys(violationCodes).filter((code) => !reached.has(code as keyof typeof violationCodes))).toEqual([]);
  });

  it('writes sentences, with remedies whose blanks are all filled in', () => {
    for (const { changes } of invalidSpecs) {
      for (const { code, message, remedy } of found(validate(changed(changes)))) {
        expect(message).toMatch(/\.$/);
        expect(remedy).toMatch(/\.$/);
        expect(`${code}: ${remedy}`).not.toMatch(/[{}]/);
      }
    }
  });

  it.each([
    [{ 'hub.firewall.zones': [1] }, 'hub.firewall.zones[0] is the number 1; write it as text: "1".'],
    [
      { 'hub.subscriptionId': 'production' },
      "hub.subscriptionId is 'production'; it must be a GUID, such as 00000000-0000-4000-8000-000000000001.",
    ],
    [
      { 'spokes[0].name': 'a b' },
      "spokes[0].name is 'a b'; it must be 1 to 40 letters, digits or hyphens, without a hyphen at either end.",
    ],
  ])('says of %j in words what is wrong', (changes, message) => {
    expect(found(validate(changed(changes))).map((entry) => entry.message)).toEqual([message]);
  });

  it.each([
    ['ignore', 'properties.securityRules[of-others]', []],
    ['ignore', 'properties.securityRules[]', []],
    ['ignore', 'properties.securityRules[of-others].properties.access', ['DriftPolicyMatchesNothing']],
    ['report', 'properties.securityRules[of-others]', ['DriftPolicyMatchesNothing']],
  ])('lets a rule %s the drift of %s, which only others may have put there: %j', (policy, path, codes) => {
    const drift = { policies: [{ kind: 'networkSecurityGroup', path, policy }] };

    expect(found(validate(changed({ drift }))).map(({ code }) => code)).toEqual(codes);
  });

  it('reports all that is wrong at once', () => {
    const all = changed({
      'spokes[0].network.addressPrefixes': ['10.200.0.0/16'],
      'spokes[1].subnets[0].prefixLength': 30,
      tags: { 'a/b': 'x' },
    });

    const codes = found(validate(all)).map(({ code }) => code);

    expect(codes).toEqual(
      expect.arrayContaining(['NetworksOverlap', 'SubnetOutsideNetwork', 'SubnetTooSmall', 'TagNameInvalid']),
    );
  });

  it('finds overlapping networks exactly when two prefixes of different networks overlap', () => {
    const prefixText = fc
      .tuple(fc.nat(15), fc.integer({ min: 12, max: 18 }))
      .map(([block, length]) => prefixAt(4, (10n << 24n) + (BigInt(block) << 14n) + (1n << 23n), length).text);
    const spaces = fc.array(fc.array(prefixText, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(spaces, (networks) => {
        const spokes = networks.map((addressPrefixes, index) => ({
          name: `s${index}`,
          network: { addressPrefixes },
          subnets: [{ name: 'snet', purpose: 'general' as const }],
        }));
        const codes = found(
          validate({
            ...baseSpec(),
            spokes,
            spokeToSpokePeerings: [],
            hub: { ...baseSpec().hub, privateDnsZones: [] },
          }),
        ).map(({ code }) => code);
        const parsed = networks.map((texts) => texts.flatMap((text) => parsePrefix(text) ?? []));
        const between = parsed.some((a, index) =>
          parsed.slice(index + 1).some((b) => a.some((x) => b.some((y) => overlaps(x, y)))),
        );
        const within = parsed.some((list) =>
          list.some((x, index) => list.slice(index + 1).some((y) => overlaps(x, y))),
        );

        expect(codes.includes('NetworksOverlap')).toBe(between);
        expect(codes.includes('AddressSpaceOverlap')).toBe(within);
      }),
    );
  });

  it('keeps messages short whatever names the document has', () => {
    const name = 'x'.repeat(100_000);
    const reported = found(validate(changed({ spokeToSpokePeerings: [[name, name]] })));

    expect(reported.map(({ code }) => code)).toEqual(['SpokeUnknown', 'SpokeUnknown', 'PeeringWithItself']);
    for (const { message, path } of reported) expect(Math.max(message.length, path.length)).toBeLessThanOrEqual(500);
  });

  it('bounds the number of violations in an answer', () => {
    const result = validate(changed({ 'spokes[0].network.dnsServers': Array.from({ length: 1000 }, () => 'x') }));

    expect(result.ok ? [] : result.violations).toHaveLength(maxViolations + 1);
  });

  it('lets operators pin and name public addresses that a reaction may add', () => {
    const result = validate(
      changed({
        'hub.firewall.publicIps.pinned': ['pip-fw-westeurope-19', 'pip-named'],
        nameOverrides: { 'publicIPAddress/pip-fw-westeurope-07': 'pip-named' },
      }),
    );

    expect(found(result)).toEqual([]);
  });

  it.each(['2026-11-30', '2027-06-01'])(
    'on %s application routing only warns, since the spec does not say which one',
    (today) => {
      const result = validate(changed({ 'spokes[0].cluster.addons': { appRouting: true } }), today);

      expect(result.ok).toBe(true);
      expect(found(result).map(({ code }) => code)).toEqual(['FeatureRetiring']);
    },
  );

  it.each([
    { today: '2028-03-31', ok: true, code: 'FeatureRetiring' },
    { today: '2028-04-01', ok: false, code: 'FeatureRetired' },
  ])('on $today kubenet is $code', ({ today, ok, code }) => {
    const result = validate(
      changed({ 'spokes[0].cluster.networking': { plugin: 'kubenet' }, 'spokes[0].network.dnsServers': [] }),
      today,
    );

    expect(result.ok).toBe(ok);
    expect(found(result).map((entry) => entry.code)).toEqual([code]);
  });
});
