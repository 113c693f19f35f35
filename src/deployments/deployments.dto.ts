import { z } from 'zod';
import { limits } from '../kernel/limits.js';
import { dnsLabel, releaseVersion, text, uuid } from '../kernel/text.js';
import { failureLogHead } from './failure-logs.dto.js';
import { pageOf, pageQuery } from '../platform/http/page.js';
import { deploymentStates } from './deployment.states.js';

const metadata = z
  .record(text(64).min(1), text(limits.metadataValueCharacters))
  .refine((entries) => Object.keys(entries).length <= limits.metadataEntries, {
    message: `at most ${limits.metadataEntries} entries`,
  });

/** `kind` and the parameters of that kind; the strategy's own schema checks the rest. */
export const strategyChoice = z
  .looseObject({ kind: text(40).min(1) })
  .meta({ description: 'A strategy the environment allows, with its parameters. See /api/docs.' });
const gateChoice = z
  .looseObject({ kind: text(40).min(1).optional() })
  .meta({ description: 'Parameters of the gate; a request may only tighten the environment’s.' });

/** A release that nodes run now could not be restored: go on all the same. */
export const allowNoRollback = z.boolean().meta({
  description: 'Go on although what the nodes run now could not be restored.',
});

export const deploymentRequest = z
  .strictObject({
    moduleName: dnsLabel,
    version: releaseVersion,
    targetEnvironment: text(40).min(1),
    /** Defaults to the environment's only cluster. */
    cluster: dnsLabel.optional(),
    strategy: strategyChoice.optional(),
    gate: gateChoice.optional(),
    requireApproval: z.boolean().default(false),
    metadata: metadata.default({}),
    allowNoRollback: allowNoRollback.default(false),
    reason: text(500).trim().min(1).optional().meta({
      description: 'Why; needed by people where a rollback has held the target.',
    }),
    startAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'Not before; freezes and the rest are asked about then. At most 92 days ahead.',
    }),
    expiresAt: z.iso.datetime({ offset: true }).optional().meta({
      description: 'It ends as Failed when it has not started by then.',
    }),
    allowRolledBack: z.boolean().default(false).meta({
      description: 'Deploy again a release that was rolled back from this cluster automatically.',
    }),
  })
  .meta({ id: 'DeploymentRequest' });
export type DeploymentRequest = z.output<typeof deploymentRequest>;

const status = z.enum(deploymentStates.states as [string, ...string[]]);
const instant = z.iso.datetime().nullable();

/** Absent: there is nothing to warn of. */
const warnings = z.array(z.string()).optional().meta({
  description:
    'What to know beforehand, each a sentence: that what runs now is down, so that going back would bring back something broken.',
});

const links = z.strictObject({ self: z.string(), events: z.string(), plan: z.string() });

export const deploymentAccepted = z
  .strictObject({
    id: uuid,
    status,
    moduleName: z.string(),
    version: z.string(),
    targetEnvironment: z.string(),
    cluster: z.string(),
    strategy: z.looseObject({ kind: z.string() }),
    warnings,
    links,
  })
  .meta({ id: 'DeploymentAccepted' });
export type DeploymentAccepted = z.output<typeof deploymentAccepted>;

export const waitingOn = z
  .strictObject({
    kind: z.string(),
    since: z.iso.datetime(),
    /** Null: nobody can say. */
    until: instant,
    who: z.string(),
    verb: z.string().nullable(),
    detail: z.string(),
  })
  .meta({ id: 'WaitingOn' });

const breakGlass = z
  .strictObject({
    by: z.string(),
    at: z.iso.datetime(),
    reason: z.string(),
    reviewDueAt: z.iso.datetime(),
    isOverdue: z.boolean(),
    isReviewed: z.boolean(),
    verdict: z.enum(['justified', 'unjustified']).nullable(),
    reviewedBy: z.string().nullable(),
  })
  .meta({ id: 'BreakGlassMark', description: 'It was started without its approvals.' });

export const deploymentSummary = z
  .strictObject({
    id: uuid,
    kind: z.enum(['deploy', 'rollback', 'retry']),
    status,
    reason: z.string().nullable(),
    moduleName: z.string(),
    version: z.string(),
    targetEnvironment: z.string(),
    cluster: z.string(),
    strategy: z.looseObject({ kind: z.string() }),
    requestedBy: z.string(),
    createdAt: z.iso.datetime(),
    startedAt: instant,
    finishedAt: instant,
    waitingOn: waitingOn.nullable(),
    breakGlass: breakGlass.nullable(),
  })
  .meta({ id: 'DeploymentSummary' });
export type DeploymentSummary = z.output<typeof deploymentSummary>;

export const deploymentPage = pageOf(deploymentSummary).meta({ id: 'DeploymentPage' });

const waveView = z.strictObject({
  wave: z.int(),
  nodes: z.array(z.string()),
  state: z.enum(['waiting', 'moving', 'watching', 'settled', 'unstable']),
});

export const deploymentDetail = deploymentSummary
  .extend({
    originId: uuid.nullable(),
    ending: z.string().nullable(),
    /** Grows with every change; goes into If-Match. */
    revision: z.int(),
    subjectDigest: z.string(),
    gate: z.looseObject({ kind: z.string() }),
    metadata: z.record(z.string(), z.string()),
    progress: z.strictObject({
      percent: z.int(),
      wave: z.int(),
      step: z.string().nullable(),
      title: z.string().nullable(),
      waves: z.array(waveView),
    }),
    /** The latest poll of the gate that is open now. */
    gateCheck: z
      .strictObject({
        step: z.string(),
        verdict: z.string(),
        reason: z.string(),
        reading: z.looseObject({}).nullable(),
      })
      .nullable(),
    /** What decided against the rollout: the step, its reason and the figures. */
    decision: z
      .strictObject({
        step: z.string(),
        reason: z.string(),
        at: z.iso.datetime(),
        reading: z.looseObject({}).nullable(),
      })
      .nullable(),
    sequence: z.int(),
    links,
  })
  .meta({ id: 'Deployment' });
export type DeploymentDetail = z.output<typeof deploymentDetail>;

const stepView = z.strictObject({
  id: z.string(),
  kind: z.string(),
  wave: z.int(),
  title: z.string(),
  deadlineMs: z.int(),
  nodes: z.array(z.string()),
});

const planView = z.strictObject({
  number: z.int(),
  role: z.enum(['forward', 'undo']),
  planDigest: z.string(),
  steps: z.array(stepView),
  warnings,
});

export const deploymentPlans = z
  .strictObject({ subjectDigest: z.string(), plans: z.array(planView) })
  .meta({ id: 'DeploymentPlans' });
export type DeploymentPlans = z.output<typeof deploymentPlans>;

export const plannedDeployment = z
  .strictObject({
    subjectDigest: z.string(),
    planDigest: z.string(),
    steps: z.array(stepView),
    nodes: z.int(),
    waves: z.int(),
    leftOut: z.array(z.strictObject({ name: z.string(), state: z.string() })),
    /** Each of them must be met on its own before it starts. */
    approvals: z.array(
      z.strictObject({
        reason: z.string(),
        name: z.string(),
        kind: z.enum(['people', 'external']),
        quorum: z.int(),
      }),
    ),
    warnings,
    gate: z.looseObject({ kind: z.string() }),
    strategy: z.looseObject({ kind: z.string() }),
    /** If every gate opens as early as it may, and if each takes as long as it may. */
    expectedDurationMs: z.strictObject({ least: z.int(), most: z.int() }),
  })
  .meta({ id: 'PlannedDeployment' });
export type PlannedDeploymentView = z.output<typeof plannedDeployment>;

export const deploymentEvent = z
  .strictObject({
    sequence: z.int(),
    at: z.iso.datetime(),
    type: z.enum([
      'DeploymentStatusChanged',
      'DeploymentProgress',
      'DeploymentVerb',
      'ApprovalRequested',
      'ApprovalDecided',
    ]),
    kind: z.string(),
    actor: z.string(),
    step: z.string().nullable(),
    data: z.looseObject({}),
  })
  .meta({ id: 'DeploymentEvent' });
export type DeploymentEvent = z.output<typeof deploymentEvent>;

export const deploymentEvents = z
  .strictObject({ items: z.array(deploymentEvent), nextCursor: z.string().nullable() })
  .meta({ id: 'DeploymentEvents' });

const afterSequence = z.string().regex(/^\d{1,6}$/, 'must be a sequence number');

export const eventsQuery = pageQuery.pick({ limit: true }).extend({
  after: afterSequence
    .optional()
    .transform((value) => (value === undefined ? 0 : Number(value)))
    .meta({ type: 'integer', minimum: 0, description: 'The last sequence that you have seen.' }),
});

export const explanation = z
  .strictObject({
    id: uuid,
    status,
    /** One or two sentences a person understands. */
    summary: z.string(),
    waitingOn: waitingOn.nullable(),
    warnings,
    /** Nodes on which something failed and had printed something, the newest first, 20 at most. */
    failureLogs: z.array(failureLogHead),
    /** What may be asked for now. */
    verbs: z.array(z.string()),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.output<typeof explanation>;

export const verbAccepted = z
  .strictObject({ id: uuid, verb: z.string(), status, links })
  .meta({ id: 'VerbAccepted' });
export type VerbAccepted = z.output<typeof verbAccepted>;

export const linksOf = (id: string) => ({
  self: `/api/v1/deployments/${id}`,
  events: `/api/v1/deployments/${id}/events`,
  plan: `/api/v1/deployments/${id}/plan`,
});

/** Where the new deployment is. */
export const located = ({ links: { self } }: DeploymentAccepted) => ({ location: self });
