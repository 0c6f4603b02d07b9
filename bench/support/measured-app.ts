import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import '../../functions/index.ts';
import { app } from '@azure/functions';
import { createApp } from '../../functions/composition.ts';
import type { BaselineHead } from '../../lib/state/baseline-head.ts';
import { withSignal } from '../../lib/state/reactions.ts';
import { calledService } from './called-service.ts';

// The product with two more functions: one makes baselines that manage firewalls without anything being provisioned,
// the other tells which calls each function has made itself (those of the orchestrations it started are not its own).

/** As many deliveries and alerts as a reaction remembers. */
const REMEMBERED = 32;

const caller = new AsyncLocalStorage<string>();
let counts: Record<string, Record<string, number>> = {};

function count(kind: string): void {
  const name = caller.getStore();
  if (name === undefined) return;
  const own = counts[name] ?? {};
  counts[name] = { ...own, [kind]: (own[kind] ?? 0) + 1 };
}

subscribe('http.client.request.start', (message) => {
  const { request } = message as { readonly request: ClientRequest };
  // The client of Durable Functions calls the host.
  if (request.path.includes('/orchestrators/')) count('orchestrationStarts');
  const service = calledService(request);
  if (service === undefined) return;
  count(`${service}${request.method === 'GET' || request.method === 'HEAD' ? 'Reads' : 'Writes'}`);
});

app.hook.preInvocation((hook) => {
  const { functionHandler } = hook;
  const name = hook.invocationContext.functionName;
  hook.functionHandler = (input, context) => caller.run(name, () => functionHandler(input, context));
});

app.http('takeCounts', {
  route: 'bench/counts',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: () => {
    const taken = counts;
    counts = {};
    return { jsonBody: taken };
  },
});

/** A baseline that manages these firewalls. With `full`, each has a reaction at work that remembers all it can. */
interface Seed {
  readonly baseline: string;
  readonly firewalls: readonly string[];
  readonly full: boolean;
}

app.http('seedBaselines', {
  route: 'bench/baselines',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: async (request) => {
    const { baselines, ledger } = createApp(process.env);
    for (const { baseline, firewalls, full } of (await request.json()) as readonly Seed[]) {
      for (const firewall of firewalls) await ledger.claim(baseline, firewall);
      const signals = firewalls.flatMap((target) =>
        Array.from({ length: full ? REMEMBERED : 0 }, (_, n) => ({
          kind: 'relieveSnatExhaustion' as const,
          target,
          nowIso: '2026-05-04T09:00:00.000Z',
          signal: {
            alertId: `${target}/before/${n}`,
            alertRule: 'seeded',
            condition: 'Fired' as const,
            severity: 'Sev1' as const,
            at: '2026-05-04T09:00:00.000Z',
            thresholdPercent: 80,
            valuePercent: 90,
          },
        })),
      );
      await baselines.change(
        baseline,
        (head) => ({
          head: signals.reduce<BaselineHead>((current, signal) => withSignal(current, signal).head, {
            ...head,
            specVersion: 1,
            specHash: 'seeded',
            mode: 'full',
          }),
          result: undefined,
        }),
        { create: true },
      );
    }
    return { status: 204 };
  },
});
