import * as df from 'durable-functions';
import type { ReconcilerHealth } from '../lib/reconcile/watch.ts';

/** What the host says of an orchestration: `unknown` when it was named and never started. */
export async function orchestrationHealth(client: df.DurableClient, instanceId: string): Promise<ReconcilerHealth> {
  try {
    const { runtimeStatus } = await client.getStatus(instanceId);
    const isAlive =
      runtimeStatus === df.OrchestrationRuntimeStatus.Running ||
      runtimeStatus === df.OrchestrationRuntimeStatus.Pending ||
      runtimeStatus === df.OrchestrationRuntimeStatus.ContinuedAsNew ||
      runtimeStatus === df.OrchestrationRuntimeStatus.Suspended;
    return isAlive ? 'alive' : 'dead';
  } catch (error) {
    // The SDK throws for an id that the host does not know.
    if (error instanceof Error && /404|not found|No instance/i.test(error.message)) return 'unknown';
    throw error;
  }
}
