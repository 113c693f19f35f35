import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { systemClock } from '../kernel/clock.js';
import { limits } from '../kernel/limits.js';
import { AGENT_VERSION, type AgentOptions } from './agent-options.js';
import { ReleaseStore } from './artifacts/release-store.js';
import { DesiredLoop } from './desired/desired-loop.js';
import { lockDirectory } from './directory-lock.js';
import { ensureEnrolled } from './identity/enroll.js';
import { type NodeIdentity, nodeKey, secretsOf } from './identity/identity.js';
import { Journal } from './journal/journal.js';
import type { FailureLog } from './protocol/failure-log.js';
import { PROTOCOL, type ReportRequest } from './protocol/protocol.js';
import { FailureLogs } from './report/failure-logs.js';
import { metricRows } from './report/metric-rows.js';
import { nodeCapacity } from './report/node-capacity.js';
import { ReportLoop } from './report/report-loop.js';
import { FrontWatch } from './supervisor/front-watch.js';
import { ControlGroups } from './supervisor/control-groups.js';
import { Families } from './supervisor/families.js';
import { FamilyUsageReader } from './supervisor/family-usage.js';
import { HookRunner } from './supervisor/hook-runner.js';
import { InstanceEnds } from './supervisor/instance-ends.js';
import { familyOf, Instances } from './supervisor/instances.js';
import { KeptConnections } from './supervisor/kept-connections.js';
import { Launcher } from './supervisor/launcher.js';
import { ModuleAccess } from './supervisor/module-access.js';
import { canSeeOthers } from './supervisor/module-user.js';
import { PortHolder } from './supervisor/port-holder.js';
import { bootId, hasProc } from './supervisor/proc.js';
import { Rounds } from './supervisor/rounds.js';
import { Routing } from './supervisor/routing.js';
import { Supervisor } from './supervisor/supervisor.js';
import { ControlPlane } from './transport/control-plane.js';

export interface RunningAgent {
  readonly identity: NodeIdentity;
  /** Stops the agent only: modules and front keep running. */
  stop(): Promise<void>;
}

/**
 * One node's agent: takes the folder's lock, enrols once, finds again what runs, and then keeps two
 * conversations with the control plane, a report and a question. Throws DomainError.
 */
export async function startAgent(
  options: AgentOptions,
  signal: AbortSignal,
): Promise<RunningAgent> {
  const lock = await lockDirectory(options.directory);
  let controlPlane: ControlPlane | undefined;
  try {
    const key = await nodeKey(options.directory);
    controlPlane = new ControlPlane(options.server, key, options.ca);
    const identity = await ensureEnrolled(options, key, controlPlane, signal);
    controlPlane.use(identity);
    const journal = Journal.open(journalPath(options.directory));
    const secrets = [...secretsOf(key), ...(options.token ? [options.token] : [])];
    const running = await assemble(options, identity, controlPlane, journal, secrets);
    return {
      identity,
      stop: async () => {
        await running.stop();
        await controlPlane?.close();
        journal.close();
        await lock.release();
      },
    };
  } catch (error) {
    await controlPlane?.close();
    await lock.release();
    throw error;
  }
}

export function journalPath(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, 'journal');
}

async function assemble(
  options: AgentOptions,
  identity: NodeIdentity,
  controlPlane: ControlPlane,
  journal: Journal,
  secrets: readonly string[],
): Promise<{ stop(): Promise<void> }> {
  const { log } = options;
  warnOfBlindness(options);
  const families = new Families();
  const ends = new InstanceEnds(families);
  const instances = new Instances(journal, families, ends);
  const releases = new ReleaseStore(options.directory, controlPlane);
  const routing = new Routing({
    journal,
    instances,
    portOffset: options.portOffset,
    trustedProxies: options.trustedProxies,
    connect: options.connectFront,
    log,
  });
  const access = new ModuleAccess(options.directory);
  const launcher = new Launcher({
    journal,
    instances,
    families,
    ends,
    releases,
    nodeName: options.name,
    controlGroups: ControlGroups.find(),
    baseEnvironment: options.baseEnvironment,
    users: options.users,
    access,
    secrets,
    onExit: (record) => supervisor.noticeExit(record.moduleId),
  });
  const failures = failureLogs(controlPlane, launcher, log);
  const onChange = () => reports.kick();
  const portHolder = portHolderOf({ journal, instances, families, routing });
  const frontWatch = new FrontWatch({ routing, portHolder, log, onChange });
  const supervisor: Supervisor = new Supervisor({
    journal,
    instances,
    launcher,
    releases,
    hooks: new HookRunner(journal, families),
    users: options.users,
    access,
    routing,
    frontWatch,
    portHolder,
    ...watching(),
    failures,
    log,
    trustedKeys: options.trustedKeys,
    host: options.host,
    onChange,
  });
  const usage = new FamilyUsageReader();
  const sources = { journal, instances, routing, supervisor, families, usage };
  const onRevision = () => desired.kick();
  const reports: ReportLoop = reportLoop({ sources, controlPlane, onRevision, log });
  const desired = desiredLoop({ identity, controlPlane, journal, supervisor, log });
  await supervisor.start();
  reports.start();
  desired.start();
  log.info({ nodeId: identity.nodeId, bootId }, 'running');
  return { stop: () => stopAll(supervisor, [desired, reports, failures]) };
}

function warnOfBlindness({ log, users }: AgentOptions): void {
  if (!hasProc) log.warn('CPU and memory of modules are not measured on this operating system');
  if (users.all().length === 0 || canSeeOthers()) return;
  log.warn(
    'the agent may not look into processes of other users: what leaves its group may not be found; give it CAP_SYS_PTRACE',
  );
}

function failureLogs(controlPlane: ControlPlane, launcher: Launcher, log: Logger): FailureLogs {
  const send = (one: FailureLog, signal: AbortSignal) => controlPlane.failureLog(one, signal);
  return new FailureLogs({ launcher, send, log });
}

function portHolderOf(
  parts: Pick<ReportSources, 'journal' | 'instances' | 'families' | 'routing'>,
): PortHolder {
  const { journal, instances, families, routing } = parts;
  const clientPort = (port: number) => routing.clientPort(port);
  return new PortHolder({ journal, instances, families, clientPort });
}

function reportLoop(parts: {
  sources: ReportSources;
  controlPlane: ControlPlane;
  /** There is a newer one than that in force. */
  onRevision: () => void;
  log: Logger;
}): ReportLoop {
  const { sources, controlPlane, onRevision, log } = parts;
  const { journal } = sources;
  return new ReportLoop({
    build: () => buildReport(sources),
    send: (report, signal) => controlPlane.report(report, signal),
    intervalMs: () => journal.reportIntervalMs,
    onAnswer: (answer) => {
      journal.revisionAccepted(journal.revision, answer.reportIntervalMs);
      if (answer.revision > journal.revision) onRevision();
    },
    log,
  });
}

function desiredLoop(parts: {
  identity: NodeIdentity;
  controlPlane: ControlPlane;
  journal: Journal;
  supervisor: Supervisor;
  log: Logger;
}): DesiredLoop {
  const { controlPlane, journal, supervisor, log } = parts;
  const { tenantId, nodeId, serverKeys } = parts.identity;
  return new DesiredLoop({
    fetch: (query, signal) => controlPlane.desired(query, signal),
    expectation: () => ({ serverKeys, tenantId, nodeId, revision: journal.revision }),
    accept: (statement) => supervisor.accept(statement),
    log,
  });
}

/** What modules are looked at with: once for all of a node. */
function watching() {
  const clock = systemClock;
  return { clock, rounds: new Rounds(clock), connections: new KeptConnections(clock) };
}

async function stopAll(supervisor: Supervisor, loops: readonly { stop(): Promise<void> }[]) {
  await Promise.all(loops.map((loop) => loop.stop()));
  await supervisor.stop();
}

interface ReportSources {
  journal: Journal;
  instances: Instances;
  routing: Routing;
  supervisor: Supervisor;
  families: Families;
  usage: FamilyUsageReader;
}

async function buildReport(sources: ReportSources): Promise<ReportRequest> {
  const { journal, instances, routing, supervisor, families, usage } = sources;
  const counters = await routing.counters();
  const sampledAt = performance.now();
  const records = instances.all().filter((one) => instances.runs(one));
  const byInstance = usage.read(families.find(records.map(familyOf)));
  const ageMs = performance.now() - sampledAt;
  return {
    protocol: PROTOCOL,
    bootId,
    agentVersion: AGENT_VERSION,
    revision: journal.revision,
    observed: supervisor.observe().slice(0, limits.reportModules),
    metrics: metricRows(counters, records, byInstance, ageMs),
    capacity: nodeCapacity(),
  };
}
