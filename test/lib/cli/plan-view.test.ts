import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ChangeBody } from '../../../lib/api/plan.ts';
import { planLines, planSummary } from '../../../lib/cli/plan-view.ts';
import { styleFor } from '../../../lib/cli/style.ts';
import { changeOf, idOf, planOf, VNET } from './samples.ts';

const style = styleFor({ write: () => true }, {});
const textOf = (...args: Parameters<typeof planOf>) => planLines(planOf(...args), { style, full: false }).join('\n');

describe('planLines', () => {
  it('says of each change what, where, why and how long', () => {
    const text = textOf([changeOf()]);

    expect(text).toContain('+ create fw-hub (rg-hub)  azureFirewall, 10 min');
    expect(text).toContain('The spec declares it:');
    expect(text).toContain('Plan: 1 to create; 45 min on the critical path');
    expect(text).toContain('Hash: 9f2c41d07be3a855');
  });

  it('tells what a drift policy keeps from what is refused', () => {
    const kept = { id: VNET, code: 'DriftReported', why: 'tags.owner differs; a policy only reports it.' };
    const refused = { id: idOf('routeTables', 'rt'), code: 'Protected', why: 'It is locked.' };
    const both = textOf([], { refused: [kept, refused] });
    const one = textOf([], { refused: [kept] });

    expect(both).toMatch(
      /Refused \(1\)[\s\S]*It is locked\.[\s\S]*Drift that stays by its policy \(1\)[\s\S]*tags\.owner/,
    );
    expect(both).toContain('Nothing that may be done.');
    expect(one).toContain('Nothing to do: what differs stays.');
    expect(one).not.toContain('Refused');
  });

  it('tells two long lists apart by what only one of them has', () => {
    const after = Array.from({ length: 30 }, (_, at) => `192.0.2.${at}`);
    const diff = [{ path: 'properties.ipAddresses', before: [...after.slice(1), '203.0.113.66'], after }];
    const text = textOf([changeOf({ action: 'update', diff })]);

    expect(text).toContain('not declared: 203.0.113.66 (30 members) → missing: 192.0.2.0 (30 members)');
  });

  it('marks what disturbs and what destroys', () => {
    const text = textOf([
      changeOf({ action: 'update', risk: 'disruptive' }),
      changeOf({ action: 'delete', risk: 'destructive' }),
    ]);

    expect(text).toMatch(/~ update .*! disruptive/);
    expect(text).toMatch(/- delete .*!! destructive/);
    expect(text).toContain('Risk: 1 disruptive change, 1 destructive change');
  });

  it('shows what changes, before and after, and what was not there', () => {
    const text = textOf([
      changeOf({
        id: VNET,
        action: 'update',
        diff: [
          { path: 'tags.owner', after: 'platform' },
          { path: 'properties.sku', before: 'Basic', after: 'Standard' },
          { path: 'tags.old', before: null },
        ],
      }),
    ]);

    expect(text).toContain('tags.owner: (none) → "platform"');
    expect(text).toContain('properties.sku: "Basic" → "Standard"');
    expect(text).toContain('tags.old: null → (none)');
  });

  it('puts long values below each other and cuts them, unless everything is wanted', () => {
    const long = 'x'.repeat(200);
    const plan = planOf([changeOf({ action: 'update', diff: [{ path: 'p', before: long, after: `${long}y` }] })]);

    expect(planLines(plan, { style, full: false }).some((line) => /^ {10}- "x{60,75}…$/.test(line))).toBe(true);
    expect(planLines(plan, { style, full: true }).some((line) => line.includes(`+ "${long}y"`))).toBe(true);
  });

  it('shows an entry that comes or goes by its name, unless everything is wanted', () => {
    const entry = { name: 'pip-04', properties: { publicIPAddress: { id: `/subscriptions/${'x'.repeat(80)}` } } };
    const path = 'properties.ipConfigurations[pip-04]';
    const plan = planOf([
      changeOf({
        action: 'update',
        diff: [
          { path, after: entry },
          { path: 'changed', before: entry, after: { ...entry, properties: {} } },
        ],
      }),
    ]);

    const text = planLines(plan, { style, full: false }).join('\n');

    expect(text).toContain(`${path}: (none) → pip-04`);
    expect(text).toMatch(/changed:\n {10}- \{"name":"pip-04"/);
    expect(planLines(plan, { style, full: true }).join('\n')).toContain(`+ ${JSON.stringify(entry)}`);
  });

  it('shows the properties of something new only when everything is wanted', () => {
    const plan = planOf([changeOf()]);

    expect(planLines(plan, { style, full: false }).join('\n')).not.toContain('properties.sku.tier');
    expect(planLines(plan, { style, full: true }).join('\n')).toContain('properties.sku.tier: (none) → "Standard"');
  });

  it('says what is refused and why, and what to know', () => {
    const text = textOf([], {
      refused: [{ id: idOf('routeTables', 'rt'), why: 'The mode no-delete forbids it.' }],
      warnings: [{ code: 'W', path: 'hub.firewall', message: 'Basic is weak.', remedy: 'Take Standard.' }],
    });

    expect(text).toMatch(/× rt \(rg-hub\)\n\s+The mode no-delete forbids it\./);
    expect(text).toMatch(/warning: hub\.firewall: Basic is weak\.\n\s+Take Standard\./);
    expect(text).toContain('Nothing that may be done.');
  });

  it('says so when there is nothing to do', () => {
    expect(textOf([])).toContain('Nothing to do: everything is as declared.');
  });

  it('names every change and every refusal, whatever the plan, in lines that move no cursor', () => {
    const change: fc.Arbitrary<ChangeBody> = fc.record({
      id: fc.stringMatching(/^[a-z]{1,8}$/).map((name) => idOf('virtualNetworks', name)),
      kind: fc.string(),
      action: fc.constantFrom('create', 'update', 'delete'),
      risk: fc.constantFrom('safe', 'disruptive', 'destructive'),
      owner: fc.string(),
      reason: fc.string({ unit: 'binary' }),
      diff: fc.array(fc.record({ path: fc.string(), before: fc.jsonValue(), after: fc.jsonValue() })) as fc.Arbitrary<
        ChangeBody['diff']
      >,
      estimatedMinutes: fc.nat(600),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.boolean(), (changes, full) => {
        const lines = planLines(planOf(changes), { style, full });

        for (const { id, action } of changes) {
          expect(lines.some((line) => line.includes(`${action} ${id.split('/').at(-1)} (rg-hub)`))).toBe(true);
        }
        for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('planSummary', () => {
  it('counts by action', () => {
    expect(
      planSummary(
        planOf([changeOf(), changeOf(), changeOf({ action: 'delete' })], { refused: [{ id: 'x', why: 'y' }] }),
      ),
    ).toBe('2 to create, 1 to delete, 1 refused; 45 min on the critical path');
    expect(planSummary(planOf([]))).toBe('no changes');
  });
});
