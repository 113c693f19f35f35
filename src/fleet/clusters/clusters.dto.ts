import { z } from 'zod';
import { trustedProxies as networks } from '../../kernel/networks.js';
import { dnsLabel, text, uuid } from '../../kernel/text.js';
import { pageQuery } from '../../platform/http/page.js';
import { sortBy } from '../../platform/http/sorted-page.js';
import { maxInFlight } from '../max-in-flight.js';

const environment = text(40).min(1).meta({ description: 'Name of the environment.' });

/** What a cluster lays down. Bodies, answers, the entity and the audit entries follow from it. */
export const clusterRules = z.strictObject({
  minAvailable: z
    .int()
    .min(0)
    .max(10_000)
    .meta({ description: 'A rollout never lets fewer nodes serve than this.' }),
  maxInFlight,
  trustedProxies: networks.meta({
    description:
      'Addresses or networks of the proxies in front of the nodes: their X-Forwarded-*, X-Real-IP and Forwarded reach the modules. Everybody else’s are replaced.',
  }),
});

const { shape: rules } = clusterRules;

export const clustersQuery = pageQuery.extend({
  environment: environment.optional(),
  text: text(63).min(1).optional().meta({ description: 'What the name has in it.' }),
  sort: sortBy(['createdAt', 'name', 'environment'], '-createdAt'),
});
export const clusterParams = z.strictObject({ id: uuid });
export const createClusterBody = z
  .strictObject({
    name: dnsLabel,
    environment,
    targetKind: text(64).min(1).default('agent'),
    ...rules,
    minAvailable: rules.minAvailable.default(0),
    trustedProxies: rules.trustedProxies.default([]),
  })
  .meta({ id: 'CreateCluster' });
export const replaceClusterBody = z
  .strictObject({
    ...rules,
    trustedProxies: rules.trustedProxies
      .optional()
      .meta({ description: 'As in the answer. Absent: they stay as they are.' }),
  })
  .meta({ id: 'ReplaceCluster' });

export const clusterOut = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    environment: z.string(),
    targetKind: z.string(),
    ...rules,
    minAvailable: z.int(),
    trustedProxies: z.array(z.string()),
    nodes: z.int().meta({ description: 'How many nodes are enrolled.' }),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Cluster' });

export type ClustersQuery = z.output<typeof clustersQuery>;
export type ClusterParams = z.output<typeof clusterParams>;
export type CreateClusterBody = z.output<typeof createClusterBody>;
export type ReplaceClusterBody = z.output<typeof replaceClusterBody>;
