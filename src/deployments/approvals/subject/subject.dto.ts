/** What is signed, as those see it who sign: what would change, by whom it was made, who decides. */
import { z } from 'zod';
import { uuid } from '../../../kernel/text.js';
import { BARS } from '../rule.js';

const instant = z.iso.datetime();
/** A value that holds no other: empty objects and lists are shown as what they are. */
const leaf = z
  .union([z.string(), z.number(), z.boolean(), z.strictObject({}), z.array(z.string()).max(0)])
  .nullable();

const difference = z
  .strictObject({
    path: z.string().meta({ description: 'A JSON pointer (RFC 6901).' }),
    change: z.enum(['added', 'removed', 'changed']),
    before: leaf,
    after: leaf,
    isCut: z.boolean().meta({
      description: 'The texts are longer; what is shown begins just before the two differ.',
    }),
  })
  .meta({ id: 'ApprovalDifference' });

export const valueDiff = z
  .strictObject({
    changes: z.array(difference),
    more: z.int().meta({ description: 'So many more differ and are not shown.' }),
  })
  .meta({ id: 'ApprovalDiff' });

export const decisionOut = z
  .strictObject({
    id: uuid,
    by: z.string(),
    verb: z.enum(['approve', 'reject', 'comment', 'withdraw']),
    comment: z.string().nullable(),
    at: instant,
    subjectDigest: z.string(),
    /** Null: it stands. */
    voidedAt: instant.nullable(),
    voidReason: z.string().nullable(),
  })
  .meta({ id: 'ApprovalDecision' });

const requestStatus = z.enum([
  'open',
  'granted',
  'rejected',
  'expired',
  'replaced',
  'cancelled',
  'void',
]);

export const requestOut = z
  .strictObject({
    number: z.int(),
    status: requestStatus,
    subjectDigest: z.string(),
    requestedBy: z.string(),
    askedAt: instant,
    deadlineAt: instant,
    endedAt: instant.nullable(),
    endedBy: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'ApprovalRequest' });

const rule = z
  .strictObject({
    /** Null: the request itself has asked for it. */
    policyId: uuid.nullable(),
    name: z.string(),
    version: z.int(),
    kind: z.enum(['people', 'external']),
    need: z.int(),
    have: z.int(),
    isMet: z.boolean(),
    missing: z.string().nullable().meta({ description: 'In words; null: nothing.' }),
    approvers: z.strictObject({
      roles: z.array(z.string()),
      groups: z.array(z.string()),
      users: z.array(z.string()),
    }),
    distinctGroups: z
      .strictObject({ groups: z.array(z.string()), count: z.int() })
      .nullable()
      .meta({ description: 'Of so many different ones of these groups the decisions must come.' }),
    decided: z.array(z.string()).meta({ description: 'Whose approval counts for it now.' }),
    possible: z.array(z.string()).meta({ description: 'Who could decide now and has not.' }),
    morePossible: z.int(),
    barred: z.array(
      z.strictObject({
        name: z.string(),
        because: z.enum(BARS),
      }),
    ),
    reasonRequired: z.boolean(),
    passkeyRequired: z.boolean(),
    decisionValidMs: z.int().nullable(),
  })
  .meta({ id: 'ApprovalRuleStanding' });

const limit = z.strictObject({
  name: z.string(),
  value: z.union([z.string(), z.number()]).nullable(),
  environment: z.union([z.string(), z.number()]).nullable(),
  standing: z.enum(['same', 'stricter', 'looser', 'other']),
});

const nodeChange = z.strictObject({
  name: z.string(),
  state: z.string(),
  wave: z.int().nullable(),
  change: z.enum(['added', 'changed', 'same', 'left-out']),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

const runningOut = z.strictObject({
  version: z.string(),
  releaseDigest: z.string(),
  configurationNumber: z.int().nullable(),
  nodes: z.int(),
  /** Where the release is down. */
  down: z.int(),
  isCompared: z.boolean().meta({ description: 'What the differences are taken against.' }),
});

const placed = z.strictObject({
  id: uuid,
  kind: z.enum(['deploy', 'rollback', 'retry']),
  version: z.string(),
  environment: z.string(),
  cluster: z.string(),
  status: z.string(),
  requestedBy: z.string(),
  createdAt: instant,
  finishedAt: instant.nullable(),
});

const verdicts = z.strictObject({
  stable: z.int(),
  unstable: z.int(),
  inconclusive: z.int(),
});

export const approvalSubject = z
  .strictObject({
    deploymentId: uuid,
    kind: z.enum(['deploy', 'rollback', 'retry']),
    status: z.string(),
    moduleName: z.string(),
    version: z.string(),
    targetEnvironment: z.string(),
    cluster: z.string(),
    requestedBy: z.string(),
    createdAt: instant,
    metadata: z.record(z.string(), z.string()),
    subjectDigest: z.string().meta({
      description: 'What a decision names: `POST …/approve` with another one is refused.',
    }),
    /** Null: nobody is asked. */
    request: requestOut.nullable(),
    isDowngrade: z.boolean().meta({
      description: 'It is older than what runs: approving it needs `acknowledgeDowngrade`.',
    }),
    release: z.strictObject({
      releaseDigest: z.string(),
      artifactDigest: z.string(),
      createdBy: z.string(),
      createdAt: instant,
      signedWith: z.string().nullable(),
    }),
    configuration: z
      .strictObject({
        number: z.int(),
        configurationDigest: z.string(),
        createdBy: z.string(),
        createdAt: instant,
      })
      .nullable(),
    running: z.array(runningOut),
    differences: z.strictObject({
      manifest: valueDiff,
      configuration: valueDiff
        .nullable()
        .meta({ description: 'Null: the caller may not read configurations there.' }),
    }),
    nodes: z.strictObject({ items: z.array(nodeChange), more: z.int() }),
    strategy: z.strictObject({ kind: z.string(), params: z.looseObject({}), differs: valueDiff }),
    gate: z.strictObject({ kind: z.string(), environmentKind: z.string(), limits: z.array(limit) }),
    releaseHistory: z
      .array(placed.extend({ reason: z.string().nullable(), verdicts }))
      .meta({ description: 'What else was done with this release, newest first: at most 20.' }),
    waiting: z.array(placed).meta({
      description: 'What else is on its way to the same target, newest first: at most 20.',
    }),
    rules: z.array(rule),
    decisions: z.array(decisionOut),
    you: z.strictObject({
      canDecide: z.boolean(),
      /** Null: they can. */
      why: z.string().nullable(),
    }),
  })
  .meta({ id: 'ApprovalSubject' });
export type ApprovalSubject = z.output<typeof approvalSubject>;

export const approvalHistory = z
  .strictObject({
    deploymentId: uuid,
    status: z.string(),
    requests: z.array(
      requestOut.extend({
        rules: z.array(z.strictObject({ name: z.string(), version: z.int(), quorum: z.int() })),
        decisions: z.array(decisionOut),
      }),
    ),
  })
  .meta({ id: 'ApprovalHistory' });
export type ApprovalHistory = z.output<typeof approvalHistory>;
