import { existsSync, readFileSync } from 'node:fs';

/** Hosts under `.example` exist nowhere (RFC 2606): here they are the app that runs beside the simulation. */
const LOCAL_APP_HOST = /\.example$/i;

/**
 * Where an address leads: hosts under `.example` to the app of the environment's ready file, which is read each time
 * since the app may come back at another port.
 */
export function createLocalAppAddress(readyFile: string | undefined): (url: string) => string {
  return (url) => {
    if (readyFile === undefined || !URL.canParse(url)) return url;
    const { hostname, pathname, search } = new URL(url);
    if (!LOCAL_APP_HOST.test(hostname) || !existsSync(readyFile)) return url;
    const ready: unknown = JSON.parse(readFileSync(readyFile, 'utf8'));
    const isReady = typeof ready === 'object' && ready !== null && 'functions' in ready;
    return isReady ? `${String(ready.functions)}${pathname}${search}` : url;
  };
}
