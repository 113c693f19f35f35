/** Turns a request into a spec: names looked up, defaults filled in, overrides checked. */
import { stableMsOf, type Manifest } from '../../agent/protocol/manifest.js';
import { digestOf } from '../../kernel/digest.js';
import { Permission } from '../../kernel/permission.js';
import type { Context, OpenContext } from '../../platform/context.js';
import type { Environment } from '../../fleet/environments/environment.js';
import type { Settings } from '../../platform/settings/settings.js';
import { clusterOf, environmentByName } from '../../fleet/fleet.queries.js';
import { validationFailed } from '../../platform/http/http.errors.js';
import {
  configurationById,
  moduleByName,
  newestConfiguration,
  releaseByVersion,
} from '../../releases/releases.queries.js';
import { checkSignature } from '../../releases/signatures/signature-policy.js';
import { rulesFor } from '../approvals/policies/approval-policies.queries.js';
import type { ApprovalRule } from '../approvals/rule.js';
import { overrideNotPermitted } from '../deployment.errors.js';
import { resolve } from '../gates/gate-params.js';
import { gates } from '../gates/gates.js';
import { withBounds } from '../gates/tighten-gate.js';
import { askedTimes } from '../schedule/asked-times.js';
import { isMachine } from '../schedule/start-terms.js';
import { strategies } from '../strategies/strategies.js';
import type { DeploymentSpec } from './deployment-spec.js';

export interface SpecRequest {
  readonly moduleName: string;
  readonly version: string;
  readonly targetEnvironment: string;
  readonly cluster?: string | undefined;
  readonly strategy?: Readonly<{ kind: string } & Record<string, unknown>> | undefined;
  readonly gate?: Readonly<Record<string, unknown>> | undefined;
  /** Instead of the newest one; null: none. */
  readonly configurationId?: string | null;
  readonly allowNoRollback?: boolean | undefined;
  readonly allowRolledBack?: boolean;
  /** Adds a rule to those of the environment's policies; nothing takes one away. */
  readonly requireApproval?: boolean;
  /** Going back at once is always allowed, whatever the environment wants for going on. */
  readonly isReturn?: boolean;
  readonly startAt?: string | undefined;
  readonly expiresAt?: string | undefined;
}

/** Time for the download, whatever the manifest says: an artifact may be a gigabyte. */
const DOWNLOAD_MS = 300_000;

export async function resolveSpec(
  open: OpenContext,
  request: SpecRequest,
  settings: Settings,
): Promise<DeploymentSpec> {
  const environment = await environmentByName(open, request.targetEnvironment);
  const cluster = await clusterOf(open, environment.id, request.cluster);
  const module = await moduleByName(open, request.moduleName);
  const release = await releaseByVersion(open, module.id, request.version);
  const configuration = await chosenConfiguration(open, request, module.id, environment.id);
  const strategy = resolveStrategy(environment, request);
  const gate = resolveGate(open, environment, request, settings);
  const { releaseDigest, signature } = release;
  checkSignature({ policy: environment.signaturePolicy, releaseDigest, signature });
  return {
    module: { id: module.id, name: module.name },
    release: {
      id: release.id,
      version: release.version,
      releaseDigest,
      artifactDigest: release.artifactDigest,
      manifestDigest: digestOf('manifest', release.manifest).digest,
    },
    configuration: configuration && {
      id: configuration.id,
      configurationDigest: configuration.configurationDigest,
      number: configuration.number,
    },
    environment: { id: environment.id, name: environment.name },
    cluster: {
      id: cluster.id,
      name: cluster.name,
      targetKind: cluster.targetKind,
      minAvailable: cluster.minAvailable,
    },
    strategy,
    gate,
    signaturePolicy: environment.signaturePolicy,
    convergeMs: convergeMs(release.manifest),
    allowNoRollback: request.allowNoRollback === true,
    allowRolledBack: request.allowRolledBack === true,
    overlaps: release.manifest.traffic !== undefined || release.manifest.overlap,
    hasTraffic: release.manifest.traffic !== undefined,
    memoryMiB: release.manifest.resources.memoryMiB ?? null,
    smokeTests: release.manifest.smokeTests ?? [],
    approvals: await approvalsOf(open, request, environment, strategy.kind),
    start: {
      ...(await askedTimes(open, request)),
      isByMachine: isMachine(open.actor),
      isReturn: request.isReturn === true,
    },
  };
}

/** The way back waits for nobody. */
function approvalsOf(
  open: OpenContext,
  { moduleName: module, requireApproval = false, isReturn = false }: SpecRequest,
  { id: environmentId, name: environmentName, labels, hasApprovalPolicies }: Environment,
  strategy: string,
): Promise<readonly ApprovalRule[]> | readonly ApprovalRule[] {
  if (isReturn) return [];
  const place = { environmentId, environmentName, labels, hasApprovalPolicies };
  return rulesFor(open, { ...place, module, strategy, requireApproval });
}

function chosenConfiguration(
  open: OpenContext,
  { configurationId }: SpecRequest,
  moduleId: string,
  environmentId: string,
) {
  if (configurationId === undefined) return newestConfiguration(open, moduleId, environmentId);
  return configurationId === null ? null : configurationById(open, configurationId);
}

/** The request's kind and parameters over the environment's; another kind starts from its own defaults. */
function resolveStrategy(
  environment: Environment,
  { strategy: asked, isReturn = false }: SpecRequest,
): DeploymentSpec['strategy'] {
  const { strategy: standard } = environment.defaults;
  const { kind, ...params } = asked ?? standard;
  const strategy = strategies.get(kind);
  const isAllowed = environment.allowedStrategies.includes(kind);
  if (!isAllowed && !(isReturn && kind === 'direct')) {
    throw overrideNotPermitted(
      `${environment.name} allows the strategies ${environment.allowedStrategies.join(', ')}, not "${kind}".`,
      { strategy: kind, allowed: environment.allowedStrategies },
    );
  }
  const { kind: _, ...standardParams } = standard;
  const merged = kind === standard.kind ? { ...standardParams, ...params } : params;
  const parsed = strategy.params.safeParse(merged);
  if (parsed.success) return { kind, params: parsed.data as Record<string, unknown> };
  const fields = Object.fromEntries(
    parsed.error.issues.map((issue) => [['strategy', ...issue.path].join('.'), issue.message]),
  );
  throw validationFailed(
    `The parameters of strategy "${kind}" are not valid: ${Object.entries(fields)
      .map(([field, message]) => `${field} ${message}`)
      .join('; ')}.`,
    { details: { fields } },
  );
}

/**
 * A request may only tighten the environment's gate; loosening it takes a permission of its own. Nobody
 * loosens it below what the settings demand, and the plan keeps what they say now.
 */
function resolveGate(
  ctx: Context,
  environment: Environment,
  { gate: asked, moduleName: module, isReturn = false }: SpecRequest,
  settings: Settings,
): DeploymentSpec['gate'] {
  const { kind: standardKind, ...standardParams } = environment.defaults.gate;
  const { kind: askedKind, ...askedParams } = asked ?? {};
  const kind = typeof askedKind === 'string' ? askedKind : standardKind;
  const gate = gates.get(kind);
  const base = kind === standardKind ? standardParams : {};
  const { params, loosened } = resolve(gate, base, askedParams);
  const isLooser = loosened.length > 0 || kind !== standardKind;
  const target = { module, environment: environment.name };
  if (isLooser && !ctx.can(Permission.GatesOverride, target)) {
    throw overrideNotPermitted(
      `A request may only tighten the gate of ${environment.name}. Loosened: ${loosened.join(', ') || 'kind'}.`,
      { loosened },
    );
  }
  // The way back is not held to what was demanded since.
  if (isReturn) return { kind, params };
  const place = { tenantId: ctx.tenantId, environment: environment.name };
  return { kind, params: withBounds(gate, params, settings, place) };
}

function convergeMs(manifest: Manifest): number {
  const hooks = Object.values(manifest.hooks).reduce(
    (sum, hook) => sum + (hook?.timeoutMs ?? 0),
    0,
  );
  const { startTimeoutMs } = manifest.health;
  const startMs = startTimeoutMs + stableMsOf(manifest.health);
  return DOWNLOAD_MS + startMs + manifest.drainMs + manifest.stopGraceMs + hooks;
}
