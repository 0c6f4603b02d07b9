import { writeFileSync } from 'node:fs';
import { roleDefinition } from '../lib/azure/role-definition.ts';

/** Writes the custom role from the kinds of resources: run it after a kind was added. */
writeFileSync('infra/hubkeeper-role.json', `${JSON.stringify(roleDefinition(), null, 2)}\n`);
