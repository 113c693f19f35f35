import { z } from 'zod';
import { dnsLabel, releaseVersion, text } from '../kernel/text.js';
import { pageQuery } from '../platform/http/page.js';
import { someOf, sortBy } from '../platform/http/sorted-page.js';
import { deploymentStates } from './deployment.states.js';

const DEPLOYMENT_SORTS = [
  'createdAt',
  'finishedAt',
  'module',
  'environment',
  'status',
  'requestedBy',
] as const;

export const deploymentsQuery = pageQuery.extend({
  status: someOf(deploymentStates.states, 'Only in this status.'),
  environment: text(40).optional(),
  cluster: dnsLabel.optional(),
  module: dnsLabel.optional(),
  version: releaseVersion.optional(),
  kind: someOf(['deploy', 'rollback', 'retry'], 'Only what came this way.'),
  requestedBy: text(200).min(1).optional().meta({ description: 'As the list shows it.' }),
  from: z.iso.datetime({ offset: true }).optional().meta({ description: 'Asked for since.' }),
  to: z.iso.datetime({ offset: true }).optional().meta({ description: 'Asked for before.' }),
  text: text(100)
    .min(1)
    .optional()
    .meta({ description: 'What module, version or who has asked for it has in it.' }),
  sort: sortBy(DEPLOYMENT_SORTS, '-createdAt'),
});
export type DeploymentsQuery = z.output<typeof deploymentsQuery>;
