import { z } from 'zod';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';
import { someOf, sortBy } from '../../platform/http/sorted-page.js';
import { SUSPICION_KINDS } from '../../drivers/targets/agent/node-suspicions.js';
import { OBSERVED_STATES } from '../../drivers/targets/target.js';
import { NODE_STATES } from '../../fleet/nodes/node-state.js';

export const NODE_SORTS = ['createdAt', 'name', 'cluster', 'state', 'lastReportAt'] as const;

export const nodesQuery = pageQuery.extend({
  environment: text(40).min(1).meta({ description: 'Name of the environment.' }).optional(),
  cluster: dnsLabel.optional(),
  state: someOf(NODE_STATES, 'Only in this state.'),
  label: text(130)
    .regex(/^[^=]{1,63}=.{0,63}$/, 'must be name=value')
    .optional()
    .meta({ description: '`name=value`: only nodes with this label.' }),
  text: text(63).min(1).optional().meta({ description: 'What the name has in it.' }),
  sort: sortBy(NODE_SORTS, '-createdAt'),
});
export const nodeParams = z.strictObject({ id: uuid });

const release = z.strictObject({ releaseId: z.uuid(), version: z.string() });
const nodeModule = z.strictObject({
  moduleId: z.uuid(),
  name: z.string(),
  generation: z.int().meta({ description: 'What it should have reached.' }),
  observedGeneration: z.int().meta({ description: 'What `state` speaks of.' }),
  state: z.enum(OBSERVED_STATES).nullable(),
  desired: z.array(release),
  running: z.array(release),
  reason: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  endpoints: z.array(z.string()),
  drift: z.boolean().meta({ description: 'It runs something else than it says to have reached.' }),
});

export const nodeOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    environment: z.string(),
    cluster: z.string(),
    clusterId: z.uuid(),
    labels: z.record(z.string(), z.string()),
    state: z.enum(NODE_STATES),
    stateSince: z.iso.datetime(),
    agentVersion: z.string().nullable(),
    lastReportAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    drift: z.boolean().meta({ description: 'True when any of its modules has drifted.' }),
    drain: z
      .strictObject({
        state: z.enum(['draining', 'drained', 'overdue']),
        since: z.iso.datetime(),
        deadlineAt: z.iso.datetime(),
        by: z.string(),
        reason: z.string().nullable(),
        left: z.array(z.string()).meta({ description: 'Modules that have not stopped yet.' }),
      })
      .nullable()
      .meta({ description: 'Set while the node is to run nothing.' }),
    suspicion: z
      .strictObject({
        kind: z.enum(SUSPICION_KINDS),
        message: z.string(),
        at: z.iso.datetime().meta({ description: 'When it was so last.' }),
      })
      .nullable()
      .meta({
        description:
          'Set for a day when a second machine has used the key of the node, or it has said what cannot be.',
      }),
    modules: z.array(nodeModule),
  })
  .meta({ id: 'Node' });

export type NodesQuery = z.output<typeof nodesQuery>;
export type NodeParams = z.output<typeof nodeParams>;
