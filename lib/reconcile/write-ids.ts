import { createHash } from 'node:crypto';
import { normaliseId } from '../plan/graph.ts';
import type { WriteIds } from '../plan/ledger.ts';

/**
 * The ids that a write is sent with, so that Azure's activity log and its events can be matched with what started it.
 * Computed from the start alone: a repeat sends the same.
 */
export function writeIdsOf(start: {
  readonly operationId: string;
  readonly attempt: number;
  readonly id: string;
}): WriteIds {
  const { operationId, attempt, id } = start;
  return {
    correlationId: uuidOf(`${operationId}\n${attempt}\n${normaliseId(id)}`),
    clientRequestId: `${operationId}:${attempt}`,
  };
}

/** A UUID made of a text: version 8 (RFC 9562, section 5.8), which leaves the other bits to whoever makes it. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
