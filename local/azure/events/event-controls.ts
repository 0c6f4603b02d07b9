import { badControl, type Control, type ControlAnswer } from '../control.ts';
import { isJsonObject } from '../json.ts';
import type { SimulationSettings } from '../simulation-settings.ts';
import { readEventFault } from './event-fault.ts';
import { readEventSetting } from './event-setting.ts';
import type { ResourceEvents } from './resource-events.ts';

/** The event subscription, its deliveries and their faults. */
export function eventControls(events: ResourceEvents, settings: SimulationSettings): readonly Control[] {
  const showFaults = (): ControlAnswer => ({
    status: 200,
    body: { faults: events.faults.all().map((fault) => ({ ...fault, effect: { ...fault.effect } })) },
  });
  return [
    { method: 'GET', path: '/events', handle: () => ({ status: 200, body: events.show() }) },
    {
      method: 'PUT',
      path: '/events',
      handle: async ({ body }) => {
        const wanted = readEventSetting(body, settings.get('events'));
        if (typeof wanted === 'string') return badControl(wanted);
        // Asked anew only where the answer may be another one.
        const asks = isJsonObject(body) && ('endpoint' in body || 'schema' in body);
        const refusal = asks ? await events.validate(wanted) : undefined;
        if (refusal !== undefined) {
          return { status: 400, body: { error: { code: 'EndpointValidationFailed', message: refusal } } };
        }
        // Another control may have come in the meantime.
        const read = readEventSetting(body, settings.get('events'));
        if (typeof read === 'string') return badControl(read);
        settings.set('events', read);
        return { status: 200, body: events.show() };
      },
    },
    { method: 'GET', path: '/events/faults', handle: showFaults },
    {
      method: 'POST',
      path: '/events/faults',
      handle: ({ body }) => {
        const read = (Array.isArray(body) ? body : [body]).map(readEventFault);
        const wrong = read.find((one) => typeof one === 'string');
        if (wrong !== undefined) return badControl(wrong);
        for (const fault of read) if (typeof fault !== 'string') events.faults.add(fault);
        return showFaults();
      },
    },
    {
      method: 'DELETE',
      path: '/events/faults',
      handle: () => {
        events.faults.clear();
        return showFaults();
      },
    },
  ];
}
