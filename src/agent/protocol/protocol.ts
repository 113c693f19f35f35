import { z } from 'zod';
import { dnsLabel, digest, text, uuid } from '../../kernel/text.js';
import { limits } from '../../kernel/limits.js';
import { trustedProxies } from '../../kernel/networks.js';
import { smoke } from '../../kernel/smoke-test.js';

/**
 * The wire between agent and control plane. Both sides parse with these schemas; the server accepts
 * protocol N and N−1. Requests other than enrolment carry `Authorization: Bearer <JWT>` of at most
 * 60 s, EdDSA over the node's own key: header {alg: EdDSA, typ: AGENT_TOKEN_TYPE, kid: nodeId},
 * claims {iss: nodeId, tenant: tenantId, aud: AGENT_AUDIENCE, iat, exp, jti, boot: bootId}.
 */
export const PROTOCOL = 1;
export const AGENT_TOKEN_TYPE = 'tidegate-agent+jwt';
export const AGENT_AUDIENCE = 'tidegate-control-plane';
/** JWS header `typ` of a desired statement. */
export const DESIRED_TYPE = 'tidegate-desired+jws';

const count = z.int().min(0);
/** Sums over a wave and over all buckets stay whole numbers; no instance gets so far. */
const counter = z.int().min(0).max(1e13);
/** One PiB. */
const MOST_MEMORY_BYTES = 2 ** 50;

export const labelsSchema = z
  .record(z.string().regex(/^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/), text(63))
  .refine((labels) => Object.keys(labels).length <= limits.labelsPerNode, {
    message: `at most ${limits.labelsPerNode} labels`,
  });

/** POST /agent/enroll. Repeating it with the same token, name and key answers the same. */
export const enrollRequest = z.strictObject({
  protocol: z.literal(PROTOCOL),
  // With the place it leads to, whose names may be 40 and 63 characters of any alphabet.
  token: text(600).min(1),
  /** Ed25519, the `x` of its JWK: 32 bytes as base64url. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  name: dnsLabel,
  labels: labelsSchema.default({}),
});

/** Keys that may sign desired statements; two during a rotation. */
const serverKey = z.object({ kid: z.string(), publicKey: z.string() });

export const enrollResponse = z.object({
  protocol: z.literal(PROTOCOL),
  tenantId: uuid,
  nodeId: uuid,
  clusterId: uuid,
  serverKeys: z.array(serverKey).min(1).max(4),
});

/** What became of one desired module on this node. */
export const observedModule = z.strictObject({
  moduleId: uuid,
  /** The generation that this state answers. */
  generation: count,
  /**
   * converging: on its way; healthy: every desired release runs and answers; absent: nothing runs,
   * as desired; failed: gave up and went back to what ran before (or nothing); refused: the
   * statement or artifact was not acceptable; outcome-unknown: a crash inside an at-most-once hook.
   */
  state: z.enum(['converging', 'healthy', 'absent', 'failed', 'refused', 'outcome-unknown']),
  /** What serves now (after a failure: the previous release), with its instance. */
  running: z
    .array(
      z.strictObject({ releaseId: uuid, configurationId: uuid.nullable(), instance: text(64) }),
    )
    .max(2),
  /** Why it failed or was refused; code is kebab-case. */
  reason: z.strictObject({ code: text(64), message: text(2000) }).optional(),
  /**
   * Of what should serve now, the releases that do not, each with why; those that `state` leaves out
   * as well, because they are only kept. Listed here, a release is still what the node goes back to.
   */
  down: z
    .array(
      z.strictObject({
        releaseId: uuid,
        configurationId: uuid.nullable(),
        code: text(64),
        message: text(2000),
      }),
    )
    .max(2)
    .optional(),
  /** Where the module answers, e.g. `http://127.0.0.1:8080`. */
  endpoints: z.array(text(200)).max(4).default([]),
});

const sparseHistogram = z.array(z.tuple([z.int().min(0).max(175), counter])).max(176);

/** Cumulative counters of one instance, as of `ageMs` before the report was sent. */
export const metricRow = z.strictObject({
  moduleId: uuid,
  releaseId: uuid,
  instance: text(64),
  /** Age of the sample when sent, by the agent's monotonic clock. */
  ageMs: z.number().min(0),
  requests: counter,
  /** Upstream 5xx. */
  errors: counter,
  /** The front's own 502, 503 and 504 for this instance. */
  frontErrors: counter,
  /** Responses cut in mid-body. */
  cut: counter,
  retries: counter,
  clientGone: counter,
  /** Answers and requests that the front refused by a limit of its own; absent: none. */
  refused: counter.optional(),
  websockets: counter,
  /** CPU time of all processes of the instance, milliseconds. */
  cpuMs: z.number().min(0).max(1e13),
  /** Resident memory of all of them now. */
  memoryBytes: z.int().min(0).max(MOST_MEMORY_BYTES),
  /** Latency until the last byte, kernel/histogram.ts, sparse: [index, counter]. */
  histogram: sparseHistogram,
  /** Waiting times of clients that left before an answer began; absent: none did. */
  abandoned: sparseHistogram.optional(),
});

export const nodeCapacity = z.strictObject({
  cpuMillicores: z.int().min(1).max(100_000_000),
  memoryMiB: z.int().min(1).max(1_000_000_000),
});

/** POST /agent/report: at once, every reportIntervalMs, and on change. It is the heartbeat. */
export const reportRequest = z.strictObject({
  protocol: z.literal(PROTOCOL),
  bootId: text(64),
  agentVersion: text(64),
  /** The desired revision that the agent has accepted last. */
  revision: count,
  observed: z.array(observedModule).max(limits.reportModules),
  metrics: z.array(metricRow).max(limits.reportMetricRows),
  /** What the node can give to its modules; utilisation is measured against it. */
  capacity: nodeCapacity.optional(),
});

export const reportResponse = z.object({
  protocol: z.literal(PROTOCOL),
  reportIntervalMs: z.int().min(100),
  /** The newest desired revision; higher than the agent's means: ask for desired now. */
  revision: count,
});

/** One release that should serve, with all the agent needs to check and start it. */
export const desiredRelease = z.strictObject({
  releaseId: uuid,
  version: z.string(),
  releaseDigest: digest,
  artifactDigest: digest,
  artifactBytes: count,
  /** The canonical manifest text; releaseDigest covers {artifactDigest, manifest}. */
  manifestText: z.string(),
  configurationId: uuid.nullable(),
  /** The overlay over the manifest's `configuration`. */
  configuration: z.record(z.string(), z.string()),
  /** Ed25519 over the releaseDigest (kernel/signature.ts). Null: unsigned. */
  signature: z
    .strictObject({ keyId: z.string(), publicKey: z.string(), value: z.string() })
    .nullable(),
  trafficPercent: z.int().min(0).max(100),
  /**
   * It ran before and is kept beside the other one: it is kept running as well as can be, and decides
   * nothing. The generation is as healthy as the other one is.
   */
  isKept: z.literal(true).optional(),
  /**
   * What a person has found out about the hook that a crash cut off in this generation. Hooks that
   * were done then are not run again; the one cut off is taken for done, or run once more.
   */
  hookAnswer: z.strictObject({ generation: count, outcome: z.enum(['done', 'retry']) }).optional(),
  /** Run against a new instance before it counts as healthy; one that fails, fails the generation. */
  smoke: smoke.optional(),
});

export const desiredModule = z.strictObject({
  moduleId: uuid,
  name: dnsLabel,
  /** Orders statements about this module; lower than the last accepted one is refused. */
  generation: count,
  /** Unsigned releases are refused when true. */
  signatureRequired: z.boolean(),
  /** Empty: the module should be absent. */
  releases: z.array(desiredRelease).max(2),
});

/** The payload of the signed statement. */
export const desiredStatement = z.strictObject({
  protocol: z.literal(PROTOCOL),
  tenantId: uuid,
  nodeId: uuid,
  /** Echo of the request's nonce: proves that the statement is fresh, without any wall clock. */
  nonce: z.string(),
  /** Grows with every change of this node's desired state. */
  revision: count,
  reportIntervalMs: z.int().min(100),
  /**
   * Proxies in front of the cluster's nodes, whose word about a client the fronts believe. Absent when
   * there are none: an agent of an earlier version refuses what it does not know.
   */
  trustedProxies: trustedProxies.optional(),
  modules: z.array(desiredModule).max(limits.reportModules),
});

/**
 * GET /agent/desired?after=<revision>&waitMs=<≤25000>&nonce=<random>: long poll. Answers 200
 * {statement: <compact JWS>} when the node's revision is above `after`, else 204 after waitMs.
 */
export const desiredResponse = z.object({ statement: z.string() });

export type EnrollRequest = z.output<typeof enrollRequest>;
export type EnrollResponse = z.output<typeof enrollResponse>;
export type ObservedModule = z.output<typeof observedModule>;
export type MetricRow = z.output<typeof metricRow>;
export type NodeCapacity = z.output<typeof nodeCapacity>;
export type ReportRequest = z.output<typeof reportRequest>;
export type ReportResponse = z.output<typeof reportResponse>;
export type DesiredRelease = z.output<typeof desiredRelease>;
export type DesiredModule = z.output<typeof desiredModule>;
export type DesiredStatement = z.output<typeof desiredStatement>;
