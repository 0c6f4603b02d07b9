import { expect } from '@jest/globals';
import type { TestEnvironment } from './environment.ts';
import type { ForeignResource } from './foreign-resources.ts';

/** Makes resources as somebody else would, each once the one before is there. */
export async function makeForeign(environment: TestEnvironment, foreign: readonly ForeignResource[]): Promise<void> {
  for (const { id, apiVersion, body } of foreign) {
    const { status, body: answer } = await environment.armAs(
      'colleague',
      'PUT',
      `${id}?api-version=${apiVersion}`,
      body,
    );
    expect({ id, refusal: status < 300 ? undefined : answer }).toEqual({ id, refusal: undefined });
    await environment.advance(60);
  }
}
