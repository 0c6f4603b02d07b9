import { createRequire, registerHooks } from 'node:module';
import { resolve } from 'node:path';

/**
 * Loads an app's bundle. Whatever in this process asks for `@azure/functions-core`, by require or import, from now on
 * gets core.ts: the module is on no registry, the host has to provide it before the app registers its first function.
 */
export function loadApp(file: string): void {
  const url = new URL('./core.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@azure/functions-core' ? { url, shortCircuit: true } : next(specifier, context),
  });
  const path = resolve(file);
  createRequire(path)(path);
}
