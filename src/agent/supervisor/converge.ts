import { messageOf } from '../../kernel/errors.js';
import { checkRelease } from '../artifacts/check-release.js';
import type { InstanceRecord, Outcome, Reason, Serving } from '../journal/journal.js';
import { stableMsOf, type HookName } from '../protocol/manifest.js';
import type { DesiredModule } from '../protocol/protocol.js';
import { GenerationEnd } from './generation-end.js';
import { stillRuns, untilHealthy } from './health.js';
import { type ModuleTools, runHook } from './module-tools.js';
import { isExclusive, mayNotMeet, type ReleaseSpec, slotOf, specOf } from './release-spec.js';
import { passSmokeTests } from './smoke-tests.js';

/** The system says no more than that it will not. */
const WHY_CLOSED =
  'ports end at 65535, those below 1024 may need root, and the address of --host must be one of its own';

export interface Convergence {
  readonly module: DesiredModule;
  readonly signal: AbortSignal;
  /** Told why it takes longer. */
  readonly onDelay: (reason: Reason) => void;
  /** From here until the generation ends nobody may start the module's old releases. */
  readonly holdKeeper: () => Promise<void>;
  /** What is wrong with a release that should serve now; null: nothing. */
  readonly downBy: (slot: string) => Reason | null;
  readonly retire: (record: InstanceRecord) => Promise<void>;
}

/**
 * Brings one module to one generation: install, start beside the old, check, switch the traffic.
 * It looks at what is there before each step, so after a crash it simply runs again. Throws
 * GenerationEnd or DomainError when the generation is over; what served before still does then.
 */
export async function converge(tools: ModuleTools, run: Convergence): Promise<Outcome> {
  const { module } = run;
  const { generation } = module;
  await tools.hooks.endLeftovers(module.moduleId, generation, run);
  if (module.releases.length === 0) {
    await remove(tools, run);
    return { generation, state: 'absent' };
  }
  const specs = module.releases.map((release): ReleaseSpec => {
    // What ran before had been accepted before: a new policy does not keep the next one away.
    const signatureRequired = module.signatureRequired && !release.isKept;
    const manifest = checkRelease(release, { signatureRequired, trustedKeys: tools.trustedKeys });
    return { release, manifest, slot: slotOf(release) };
  });
  checkPorts(tools, module, specs);
  const served = new Set(tools.journal.module(module.moduleId).serving.releases.map(slotOf));
  const isFresh = ({ slot }: ReleaseSpec) => !served.has(slot) || run.downBy(slot) !== null;
  const fresh = specs.filter((spec) => !spec.release.isKept && isFresh(spec));
  for (const spec of fresh) await install(tools, run, spec);
  for (const spec of fresh) startAnew(tools, run, spec);
  await makeRoom(tools, run, specs);
  for (const spec of fresh) await bringUp(tools, run, spec);
  // What served already is the keeper's: it is brought back by it, or is down as it was before.
  const kept = specs.filter(({ release, slot }) => release.isKept && !served.has(slot));
  for (const spec of kept) await tryKept(tools, run, spec);
  run.signal.throwIfAborted();
  await switchTraffic(tools, module);
  return { generation, state: 'healthy' };
}

async function install(tools: ModuleTools, run: Convergence, spec: ReleaseSpec): Promise<void> {
  await hook(tools, run, spec, 'beforeInstall');
  await tools.releases.install(run.module.moduleId, spec.release, run);
  await hook(tools, run, spec, 'afterInstall');
  run.signal.throwIfAborted();
}

async function bringUp(tools: ModuleTools, run: Convergence, spec: ReleaseSpec): Promise<void> {
  const { moduleId, name } = run.module;
  await hook(tools, run, spec, 'start');
  run.signal.throwIfAborted();
  const record = await tools.launcher.ensure(moduleId, name, spec);
  const { signal } = run;
  const { launcher } = tools;
  const { health } = spec.manifest;
  await untilHealthy(record, spec.manifest, { signal, launcher, stableMs: stableMsOf(health) });
  await hook(tools, run, spec, 'validate');
  if (spec.release.smoke) await passSmokeTests(record, spec.release.smoke, { signal, health });
  await stillRuns(record, { signal, launcher });
}

/** A process that lives and does not answer would not get well by being told to run once more. */
function startAnew({ instances }: ModuleTools, run: Convergence, { slot }: ReleaseSpec): void {
  if (run.downBy(slot)?.code !== 'unhealthy') return;
  const live = instances.live(run.module.moduleId, slot);
  if (live) instances.markRetiring(live.instance);
}

/** Beside the release that counts. It has not run here yet; that it does not work ends nothing. */
async function tryKept(tools: ModuleTools, run: Convergence, spec: ReleaseSpec): Promise<void> {
  try {
    await install(tools, run, spec);
    await bringUp(tools, run, spec);
  } catch (error) {
    run.signal.throwIfAborted();
    // Nobody but a person knows whether it may be started at all.
    if (error instanceof GenerationEnd && error.state === 'outcome-unknown') throw error;
    const { version } = spec.release;
    tools.log.warn({ version, reason: messageOf(error) }, 'what ran before is not kept running');
  }
}

/** A worker that must be alone: the old release is stopped before the new one starts. */
async function makeRoom(
  tools: ModuleTools,
  run: Convergence,
  specs: readonly ReleaseSpec[],
): Promise<void> {
  const slots = new Set(specs.map((spec) => spec.slot));
  const { moduleId, generation } = run.module;
  const isInTheWay = (one: InstanceRecord) =>
    (!slots.has(one.slot) || one.isRetiring) &&
    specs.some((spec) => mayNotMeet(spec, specOf(one.release)));
  // Not only when there is one: the keeper may be about to start it.
  const { serving } = tools.journal.module(moduleId);
  const releases = [...specs, ...serving.releases.map(specOf)];
  if (!releases.some(({ manifest }) => isExclusive(manifest))) return;
  await run.holdKeeper();
  run.signal.throwIfAborted();
  const others = tools.instances.all(moduleId).filter(isInTheWay);
  if (others.length > 0) tools.journal.madeRoom(moduleId, generation);
  await Promise.all(others.map((one) => run.retire(one)));
  // An agent that is told to stop leaves them running.
  run.signal.throwIfAborted();
}

async function switchTraffic(tools: ModuleTools, module: DesiredModule): Promise<void> {
  const { journal, routing } = tools;
  const { moduleId, generation, releases } = module;
  const { serving, previous } = journal.module(moduleId);
  // An agent that died right after writing this down comes here again: what served is one back.
  const isAgain = serving.generation === generation;
  const before: Serving = isAgain ? previous : serving;
  if (!isAgain) journal.serves(moduleId, { generation, releases });
  // A worker needs no front, and must not wait for one.
  const hasTraffic = [...before.releases, ...releases].some((one) => specOf(one).manifest.traffic);
  if (!hasTraffic) return;
  try {
    const failed = (await routing.apply()).find((one) => one.moduleId === moduleId);
    if (failed) throw portProblem(tools, failed.code, failed.port, moduleId);
  } catch (error) {
    // What served gets the traffic again, and is not the one that is stopped.
    journal.serves(moduleId, before, true);
    await routing.apply().catch(() => undefined);
    throw error;
  }
}

async function remove(tools: ModuleTools, run: Convergence): Promise<void> {
  const { moduleId, generation } = run.module;
  await run.holdKeeper();
  run.signal.throwIfAborted();
  const { serving } = tools.journal.module(moduleId);
  if (serving.releases.length > 0) {
    tools.journal.serves(moduleId, { generation, releases: [] });
    await tools.routing.apply();
  }
  await Promise.all(tools.instances.all(moduleId).map((one) => run.retire(one)));
}

function checkPorts(
  tools: ModuleTools,
  module: DesiredModule,
  specs: readonly ReleaseSpec[],
): void {
  const ports = new Set(specs.map((spec) => spec.manifest.traffic?.port));
  if (ports.size > 1) {
    throw new GenerationEnd(
      'refused',
      'traffic-port-differs',
      'Two releases of one module can share its traffic only on the same port.',
    );
  }
  const [port] = ports;
  if (port === undefined) return;
  const clientPort = tools.routing.clientPort(port);
  const problem = (code: string) => portProblem(tools, code, clientPort, module.moduleId);
  if (clientPort > 65_535) throw problem('listen-failed');
  if (tools.routing.isTaken(clientPort, module.moduleId)) throw problem('port-in-use');
}

function portProblem(
  { portHolder }: ModuleTools,
  code: string,
  port: number,
  moduleId: string,
): GenerationEnd {
  const message =
    code === 'port-in-use'
      ? `Port ${port} is used by ${portHolder.nameOf(port, moduleId)} on this node: free it, or give the module another port.`
      : `Port ${port} cannot be opened on this node: ${WHY_CLOSED}.`;
  return new GenerationEnd('failed', code, message);
}

function hook(
  tools: ModuleTools,
  run: Convergence,
  spec: ReleaseSpec,
  name: HookName,
): Promise<void> {
  const { moduleId, name: moduleName, generation } = run.module;
  return runHook(tools, { moduleId, moduleName, generation, hook: name, spec });
}
