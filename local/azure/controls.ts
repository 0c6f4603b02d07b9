import type { ClockMaster } from './clock-master.ts';
import { badControl, type Control, type ControlAnswer } from './control.ts';
import { eventControls } from './events/event-controls.ts';
import { readFault } from './faults.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';
import type { Simulation } from './simulation.ts';
import type { AlertSetting, LatencySetting, PrincipalSetting, SubscriptionSetting } from './simulation-settings.ts';
import { ParticipantLostError } from './stepped-run.ts';

/** The simulation's own controls. */
export function simulationControls(simulation: Simulation, clockMaster: ClockMaster): readonly Control[] {
  return [
    { method: 'GET', path: '/state', handle: () => ok(simulation.state()) },
    { method: 'GET', path: '/stats', handle: () => ok(simulation.stats()) },
    ...trafficControls(simulation),
    ...alertControls(simulation),
    ...eventControls(simulation.events, simulation.settings),
    ...faultControls(simulation),
    ...clockControls(simulation, clockMaster),
    ...settingControls(simulation),
  ];
}

function ok(body: Json): ControlAnswer {
  return { status: 200, body };
}

function trafficControls(simulation: Simulation): readonly Control[] {
  return [
    { method: 'GET', path: '/traffic', handle: () => ok(simulation.settings.get('traffic')) },
    {
      method: 'PUT',
      path: '/traffic',
      handle: ({ body }) => {
        if (!isJsonObject(body)) return badControl('Traffic is an object.');
        const wrong = wrongTraffic(body);
        return wrong === null ? ok(simulation.changeTraffic(body)) : badControl(wrong);
      },
    },
  ];
}

/** What firewalls' gauges are computed from must be numbers; whatever else there is does no harm. */
function wrongTraffic({ firewalls }: JsonObject): string | null {
  for (const [id, firewall] of Object.entries(isJsonObject(firewalls) ? firewalls : {})) {
    if (!isJsonObject(firewall)) continue;
    const ports = Object.entries(isJsonObject(firewall.snatPortsInUse) ? firewall.snatPortsInUse : {});
    const counts = [...ports, ['busyInstances', firewall.busyInstances ?? null] as const];
    const bad = counts.find(([, count]) => count !== null && (typeof count !== 'number' || count < 0));
    if (bad !== undefined) return `${bad[0]} of firewall ${id} is a number from 0, or null.`;
  }
  return null;
}

function alertControls(simulation: Simulation): readonly Control[] {
  const { settings } = simulation;
  return [
    { method: 'GET', path: '/alerts', handle: () => ok(simulation.alerts()) },
    {
      method: 'PUT',
      path: '/alerts',
      handle: ({ body }) => {
        const read = readAlertSetting(body, settings.get('alerts'));
        if (typeof read === 'string') return badControl(read);
        settings.set('alerts', read);
        return ok({ ...read });
      },
    },
  ];
}

function readAlertSetting(body: Json, before: AlertSetting): AlertSetting | string {
  if (!isJsonObject(body)) return 'Alerts are {duplicate?, reorder?, reorderSeconds?, muted?}.';
  const { duplicate, reorder, reorderSeconds, muted } = { ...before, ...body };
  if (typeof duplicate !== 'number' || !Number.isInteger(duplicate) || duplicate < 0) {
    return 'duplicate is a whole number from 0.';
  }
  if (typeof reorderSeconds !== 'number' || reorderSeconds < 0) return 'reorderSeconds is a number from 0.';
  if (typeof reorder !== 'boolean' || typeof muted !== 'boolean') return 'reorder and muted are true or false.';
  return { duplicate, reorder, reorderSeconds, muted };
}

function faultControls({ faults }: Simulation): readonly Control[] {
  const show = (): ControlAnswer =>
    ok({ faults: faults.all().map((fault) => ({ ...fault, effect: { ...fault.effect } })) });
  return [
    { method: 'GET', path: '/faults', handle: show },
    {
      method: 'POST',
      path: '/faults',
      handle: ({ body }) => {
        const read = (Array.isArray(body) ? body : [body]).map(readFault);
        const wrong = read.find((one) => typeof one === 'string');
        if (wrong !== undefined) return badControl(wrong);
        for (const fault of read) if (typeof fault !== 'string') faults.add(fault);
        return show();
      },
    },
    {
      method: 'DELETE',
      path: '/faults',
      handle: () => {
        faults.clear();
        return show();
      },
    },
  ];
}

function clockControls(simulation: Simulation, clockMaster: ClockMaster): readonly Control[] {
  const now = (ms: number): string => new Date(ms).toISOString();
  return [
    {
      method: 'GET',
      path: '/clock',
      handle: () => {
        simulation.clockKeeper.keep();
        const setting = simulation.clockKeeper.clock.setting();
        return ok({ now: now(setting.simulatedMs), ...setting });
      },
    },
    {
      method: 'POST',
      path: '/clock',
      handle: async ({ body }) => {
        const seconds = isJsonObject(body) ? body.advanceSeconds : undefined;
        if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) {
          return badControl('advanceSeconds is a number from 0.');
        }
        try {
          const { simulatedMs, steps } = await clockMaster.advance(Math.round(seconds * 1000));
          return ok({ simulatedMs, now: now(simulatedMs), steps });
        } catch (error) {
          const code = error instanceof ParticipantLostError ? 'ParticipantLost' : 'ClockStuck';
          const message = error instanceof Error ? error.message : String(error);
          return { status: 503, body: { error: { code, message } } };
        }
      },
    },
    {
      method: 'PUT',
      path: '/clock/participants/:name',
      handle: ({ body, parameters }) => {
        const url = isJsonObject(body) ? body.url : undefined;
        const name = parameters.name ?? '';
        if (typeof url !== 'string' || !URL.canParse(url))
          return badControl('url is the URL to POST {nowMs, setting} to.');
        clockMaster.register(name, url);
        const setting = simulation.clockKeeper.clock.setting();
        return ok({ now: now(setting.simulatedMs), ...setting });
      },
    },
    {
      method: 'DELETE',
      path: '/clock/participants/:name',
      handle: ({ parameters }) => {
        clockMaster.unregister(parameters.name ?? '');
        return ok({});
      },
    },
  ];
}

function settingControls({ settings }: Simulation): readonly Control[] {
  return [
    {
      method: 'GET',
      path: '/subscriptions',
      handle: () => ok(asJson(settings.get('subscriptions'))),
    },
    {
      method: 'PUT',
      path: '/subscriptions',
      handle: ({ body }) => {
        const wrong = notEntries(body, (id, value) => GUID.test(id) && isJsonObject(value));
        if (wrong !== null) return badControl(`Subscriptions are {GUID: {...}}: ${wrong}.`);
        const given = Object.entries(body as JsonObject).map(([id, value]) => [id.toLowerCase(), value]);
        // Checked above: each value is an object; unknown members do no harm.
        const changed = Object.fromEntries(given) as Record<string, SubscriptionSetting>;
        settings.set('subscriptions', { ...settings.get('subscriptions'), ...changed });
        return ok(asJson(settings.get('subscriptions')));
      },
    },
    {
      method: 'PUT',
      path: '/principals',
      handle: ({ body }) => {
        const wrong = notEntries(body, (_, value) => isJsonObject(value) && Array.isArray(value.roles));
        if (wrong !== null) return badControl(`Principals are {NAME: {objectId?, roles: [...]}}: ${wrong}.`);
        const changed = body as unknown as Record<string, PrincipalSetting>;
        settings.set('principals', { ...settings.get('principals'), ...changed });
        return ok(asJson(settings.get('principals')));
      },
    },
    {
      method: 'PUT',
      path: '/tokens',
      handle: ({ body }) => {
        const lifeSeconds = isJsonObject(body) ? body.lifeSeconds : undefined;
        if (typeof lifeSeconds !== 'number' || lifeSeconds <= 0) return badControl('lifeSeconds is a number above 0.');
        settings.set('tokenLifeSeconds', lifeSeconds);
        return ok({ lifeSeconds });
      },
    },
    {
      method: 'PUT',
      path: '/latency',
      handle: ({ body }) => {
        const read = readLatency(body, settings.get('latency'));
        if (typeof read === 'string') return badControl(read);
        settings.set('latency', read);
        return ok(asJson(read));
      },
    },
  ];
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function readLatency(body: Json, before: LatencySetting): LatencySetting | string {
  if (!isJsonObject(body)) return 'Latency is an object.';
  const seed = body.seed ?? before.seed;
  const spread = body.spread ?? before.spread;
  const rolePropagationSeconds = body.rolePropagationSeconds ?? before.rolePropagationSeconds;
  const [least, most] = Array.isArray(body.responseDelayMs) ? body.responseDelayMs : before.responseDelayMs;
  if (typeof seed !== 'number') return 'seed is a number.';
  if (typeof spread !== 'number' || spread < 0 || spread > 1) return 'spread is a number from 0 to 1.';
  if (typeof rolePropagationSeconds !== 'number' || rolePropagationSeconds < 0) {
    return 'rolePropagationSeconds is a number from 0.';
  }
  if (typeof least !== 'number' || typeof most !== 'number' || least < 0 || most < least) {
    return 'responseDelayMs is [least, most] in wall milliseconds.';
  }
  return { seed, spread, rolePropagationSeconds, responseDelayMs: [least, most] };
}

function notEntries(body: Json, isGood: (name: string, value: Json | undefined) => boolean): string | null {
  if (!isJsonObject(body)) return 'not an object';
  const wrong = Object.entries(body).find(([name, value]) => !isGood(name, value));
  return wrong === undefined ? null : `'${wrong[0]}' is not`;
}

/** Settings hold nothing but what JSON can carry. */
function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
