/**
 * What is known of the issuers whose tokens pipelines carry. Claims are told apart by ids: names of owners,
 * repositories and projects can be given up and taken by others.
 */
export const ISSUER_KINDS = ['github', 'gitlab', 'generic'] as const;
export type IssuerKindName = (typeof ISSUER_KINDS)[number];

/** `ref`: a git ref, or a prefix of refs. `workflow`: a file and the ref that it is from. */
export type ClaimForm = 'text' | 'ref' | 'workflow';

export interface IssuerKind {
  /** Null: every identity names its own. */
  readonly issuer: string | null;
  /** What a rule may ask about; null: any claim that is not the token's own business. */
  readonly claims: Readonly<Record<string, ClaimForm>> | null;
  /** Every rule names these. */
  readonly required: readonly string[];
  /** … and one of these, so that not every branch of a repository may deploy. */
  readonly oneOf: readonly string[];
  /** A claim that says too little without another one. */
  readonly together: Readonly<Record<string, string>>;
  /** Held against every token whose rule does not name the claim: what outsiders can set off is left out. */
  readonly byDefault: { readonly claim: string; readonly oneOf: readonly string[] } | null;
  /** Of a subject token, from `iat` to `exp`. */
  readonly mostSeconds: number;
  /** Whether its runner gives one token for the whole job, so that ours must be renewable. */
  readonly isRenewable: boolean;
  /** What audit entries and refusals tell of a token, if it is there. */
  readonly told: readonly string[];
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const text = 'text' as const;

const github: IssuerKind = {
  issuer: 'https://token.actions.githubusercontent.com',
  claims: {
    repository_id: text,
    repository_owner_id: text,
    repository_visibility: text,
    enterprise_id: text,
    ref: 'ref',
    ref_type: text,
    ref_protected: text,
    environment: text,
    environment_node_id: text,
    event_name: text,
    workflow_ref: 'workflow',
    workflow_sha: text,
    job_workflow_ref: 'workflow',
    job_workflow_sha: text,
    runner_environment: text,
    actor_id: text,
  },
  required: ['repository_id', 'repository_owner_id'],
  oneOf: ['ref', 'environment'],
  together: {},
  byDefault: {
    claim: 'event_name',
    oneOf: [
      'push',
      'workflow_dispatch',
      'repository_dispatch',
      'schedule',
      'release',
      'deployment',
    ],
  },
  mostSeconds: HOUR,
  isRenewable: false,
  told: [
    'repository',
    'repository_id',
    'repository_owner',
    'repository_owner_id',
    'ref',
    'environment',
    'event_name',
    'workflow_ref',
    'job_workflow_ref',
    'runner_environment',
    'sha',
    'actor',
    'run_id',
    'run_attempt',
  ],
};

const gitlab: IssuerKind = {
  issuer: 'https://gitlab.com',
  claims: {
    project_id: text,
    namespace_id: text,
    project_visibility: text,
    ref: text,
    ref_type: text,
    ref_path: 'ref',
    ref_protected: text,
    environment: text,
    environment_protected: text,
    deployment_tier: text,
    pipeline_source: text,
    ci_config_ref_uri: 'workflow',
    ci_config_sha: text,
    runner_environment: text,
    runner_id: text,
    user_id: text,
  },
  required: ['project_id', 'namespace_id'],
  oneOf: ['ref', 'ref_path', 'ref_protected', 'environment'],
  // A tag may have the name of a branch.
  together: { ref: 'ref_type' },
  byDefault: {
    claim: 'pipeline_source',
    oneOf: ['push', 'web', 'schedule', 'api', 'trigger', 'pipeline', 'parent_pipeline'],
  },
  mostSeconds: DAY,
  isRenewable: true,
  told: [
    'project_path',
    'project_id',
    'namespace_path',
    'namespace_id',
    'ref',
    'ref_type',
    'ref_path',
    'ref_protected',
    'environment',
    'pipeline_source',
    'ci_config_ref_uri',
    'runner_environment',
    'sha',
    'user_login',
    'pipeline_id',
    'job_id',
  ],
};

const generic: IssuerKind = {
  issuer: null,
  claims: null,
  required: [],
  oneOf: [],
  together: {},
  byDefault: null,
  mostSeconds: DAY,
  isRenewable: true,
  told: ['sub'],
};

export const issuerKinds: Readonly<Record<IssuerKindName, IssuerKind>> = {
  github,
  gitlab,
  generic,
};

/** Checked for every token in their own way, or different in each: no clause is about them. */
export const TOKEN_CLAIMS: readonly string[] = ['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'];
