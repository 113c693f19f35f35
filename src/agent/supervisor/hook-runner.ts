import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { failpoint } from '../../kernel/failpoint.js';
import { newId } from '../../kernel/ids.js';
import type { HookKey, Journal, Reason } from '../journal/journal.js';
import type { UnendedHook } from '../journal/unended-hooks.js';
import type { ManifestHook } from '../protocol/manifest.js';
import { GenerationEnd } from './generation-end.js';
import { Families, HOOK_VARIABLE } from './families.js';
import { endHook, findLeftover, untilOver } from './leftover-hook.js';
import { type ModuleOutput, ROTATE_EVERY_MS } from './module-output.js';
import type { Mask } from './mask.js';
import type { ModuleUser } from './module-user.js';
import { bootId, startTimeOf } from './proc.js';
import { faultBehind, type StartCommand, startFault } from './start-fault.js';
import { startProgram } from './start-program.js';

export interface HookRun {
  readonly key: HookKey;
  readonly hook: ManifestHook;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly output: ModuleOutput;
  /** For what it prints; without it nothing is masked. */
  readonly mask?: Mask;
  /** Undefined: as the agent. */
  readonly user?: ModuleUser | undefined;
}

export interface LeftoverWait {
  readonly signal: AbortSignal;
  /** Told why it takes longer. */
  readonly onDelay: (reason: Reason) => void;
}

/**
 * Runs each hook once per module, generation and release. That it starts is on disk before it
 * does; if the agent dies before it ends, only a hook that says it is idempotent runs again. An
 * agent cannot know what became of any other, and says so instead of guessing, also when a newer
 * generation wants the same release. A hook outlives the agent, so nothing of a newer generation
 * begins before those of the earlier ones are over.
 */
export class HookRunner {
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly journal: Journal,
    private readonly families: Families,
  ) {}

  /** Throws GenerationEnd: failed or outcome-unknown. Two who ask at once get the same run. */
  run(what: HookRun): Promise<void> {
    const runName = nameOf(what.key);
    const known = this.running.get(runName);
    if (known) return known;
    const run = this.runOnce(what).finally(() => this.running.delete(runName));
    this.running.set(runName, run);
    return run;
  }

  /** Waits until no hook of an earlier generation runs, or stops it when its time is over. */
  async endLeftovers(moduleId: string, generation: number, wait?: LeftoverWait): Promise<void> {
    for (const one of this.leftovers(moduleId, generation)) {
      const key = { moduleId, ...one };
      const leftover = findLeftover(this.families, one.runId);
      if (leftover) {
        wait?.onDelay(stillRunning(one));
        await untilOver(this.families, leftover, one.timeoutMs, wait?.signal);
      }
      if (one.isRepeatable) this.journal.hookOver(key);
    }
  }

  /** Those of this agent's own that still run are looked after by whoever had them run. */
  private leftovers(moduleId: string, generation: number): UnendedHook[] {
    return this.journal
      .unendedHooks(moduleId)
      .filter(
        (one) => one.generation < generation && !this.running.has(nameOf({ moduleId, ...one })),
      );
  }

  private async runOnce(what: HookRun): Promise<void> {
    const { key, hook } = what;
    const phase = this.journal.hookPhase(key);
    if (phase === 'done') return;
    if (phase === 'failed') throw failed(key, 'it failed before', '');
    if (phase === 'started') {
      if (!hook.idempotent) throw outcomeUnknown(key);
      await this.stopRun(key);
    } else {
      await this.endLeftovers(key.moduleId, key.generation);
      const cut = this.leftovers(key.moduleId, key.generation).find(
        (one) => one.releaseId === key.releaseId && one.hook === key.hook && !one.isRepeatable,
      );
      if (cut) throw outcomeUnknown(key);
    }
    const { timeoutMs, idempotent } = hook;
    const runId = newId();
    this.journal.hookStarted(key, { runId, timeoutMs, isRepeatable: idempotent });
    await failpoint('agent.hook:after-start', key.hook);
    const problem = await this.spawn(what, runId);
    // What a hook that worked has left is meant to stay; of one that did not, nothing is.
    if (problem !== null) await endHook(this.families, runId);
    await failpoint('agent.hook:after-run', key.hook);
    this.journal.hookEnded(key, problem === null ? 'done' : 'failed');
    if (problem !== null)
      throw failed(key, problem, what.output.tail(outputName(key), what.mask ?? String));
  }

  /** Of an agent that died: it must not run beside its second run. */
  private async stopRun(key: HookKey): Promise<void> {
    const runs = this.journal.unendedHooks(key.moduleId);
    const run = runs.find((one) => nameOf({ ...key, ...one }) === nameOf(key));
    if (run) await endHook(this.families, run.runId);
  }

  /** Null: it went well. Throws when it cannot even be stopped: then it has not ended. */
  private async spawn(what: HookRun, runId: string): Promise<string | null> {
    await mkdir(what.directory, { recursive: true, mode: 0o700 });
    const rotate = () => what.output.rotate(outputName(what.key));
    rotate();
    const output = what.output.open(outputName(what.key), what.user);
    const rotating = setInterval(rotate, ROTATE_EVERY_MS);
    try {
      return await this.untilEnded(what, runId, startHook(what, runId, output));
    } catch (error) {
      // Some faults are thrown at once: nothing has begun then, and nobody need wonder how it ended.
      if (!isStartError(error)) throw error;
      return startFault(commandOf(what), error.code);
    } finally {
      clearInterval(rotating);
      // What it wrote since the last look: nobody would look again before its next run.
      rotate();
      closeSync(output);
    }
  }

  /** Null: it went well. */
  private untilEnded({ hook, ...what }: HookRun, runId: string, child: ChildProcess) {
    return new Promise<string | null>((resolve, reject) => {
      let isLate = false;
      const { pid } = child;
      const identity = pid === undefined ? null : { pid, startTime: startTimeOf(pid), bootId };
      const timer = setTimeout(() => {
        isLate = true;
        endHook(this.families, runId, identity).catch(reject);
      }, hook.timeoutMs);
      child.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(timer);
        if (isLate) resolve(`it took longer than ${hook.timeoutMs} ms`);
        else if (code === 0) resolve(null);
        else resolve(signal ? `it was ended by ${signal}` : exited({ hook, ...what }, code));
      });
    });
  }
}

function commandOf({ key, hook, directory, environment, user }: HookRun): StartCommand {
  const { command } = hook;
  const path = environment.PATH;
  return { command, field: `hooks.${key.hook}.command`, directory, path, user };
}

function exited(what: HookRun, code: number | null): string {
  const fault = faultBehind(commandOf(what), code);
  const how = `it exited with code ${code ?? ''}`;
  return fault === null ? how : `${how}. ${fault}`;
}

function startHook(what: HookRun, runId: string, output: number): ChildProcess {
  const { key, hook, directory, environment, user } = what;
  return startProgram({
    command: hook.command,
    args: hook.args,
    directory,
    environment: {
      ...environment,
      TIDEGATE_HOOK: key.hook,
      TIDEGATE_GENERATION: String(key.generation),
      [HOOK_VARIABLE]: runId,
    },
    output,
    user,
  });
}

function isStartError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error && (error as NodeJS.ErrnoException).syscall?.startsWith('spawn') === true
  );
}

function nameOf({ moduleId, generation, releaseId, hook }: HookKey): string {
  return `${moduleId}/${generation}/${releaseId}/${hook}`;
}

function outputName(key: HookKey): string {
  return `hook-${key.hook}`;
}

function failed(key: HookKey, how: string, tail: string): GenerationEnd {
  const said = tail === '' ? '' : ` Its last output: ${tail}`;
  const message = `The hook "${key.hook}" failed: ${how}.${said}`;
  return new GenerationEnd('failed', 'hook-failed', message, outputName(key));
}

function outcomeUnknown({ hook }: HookKey): GenerationEnd {
  return new GenerationEnd(
    'outcome-unknown',
    'hook-outcome-unknown',
    `The agent stopped while the hook "${hook}" ran, and it must not run twice. Look whether it has done its work, or still runs.`,
  );
}

function stillRunning({ hook, generation }: UnendedHook): Reason {
  const message = `The hook "${hook}" of generation ${generation} still runs; what comes after it begins when it has ended, or when its time is over.`;
  return { code: 'hook-still-running', message };
}
