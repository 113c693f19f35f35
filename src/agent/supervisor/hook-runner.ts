import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { failpoint } from '../../kernel/failpoint.js';
import type { HookKey, Journal } from '../journal/journal.js';
import type { ManifestHook } from '../protocol/manifest.js';
import { GenerationEnd } from './generation-end.js';
import type { ModuleOutput } from './module-output.js';
import { bootId, findByEnvironment, startTimeOf } from './proc.js';
import { stopGroup } from './process-group.js';

const HOOK_VARIABLE = 'TIDEGATE_HOOK_RUN';

export interface HookRun {
  readonly key: HookKey;
  readonly hook: ManifestHook;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly output: ModuleOutput;
}

/**
 * Runs each hook once per module, generation and release. That it starts is on disk before it
 * does; if the agent dies before it ends, only a hook that says it is idempotent runs again. An
 * agent cannot know what became of any other, and says so instead of guessing.
 */
export class HookRunner {
  private readonly running = new Map<string, Promise<void>>();

  constructor(private readonly journal: Journal) {}

  /** Throws GenerationEnd: failed or outcome-unknown. Two who ask at once get the same run. */
  run(what: HookRun): Promise<void> {
    const { key } = what;
    const runName = `${key.moduleId}/${key.generation}/${key.releaseId}/${key.hook}`;
    const known = this.running.get(runName);
    if (known) return known;
    const run = this.runOnce(what, runName).finally(() => this.running.delete(runName));
    this.running.set(runName, run);
    return run;
  }

  private async runOnce(what: HookRun, runName: string): Promise<void> {
    const { key, hook } = what;
    const phase = this.journal.hookPhase(key);
    if (phase === 'done') return;
    if (phase === 'failed') throw failed(key, 'it failed before', '');
    if (phase === 'started') {
      if (!hook.idempotent) {
        throw new GenerationEnd(
          'outcome-unknown',
          'hook-outcome-unknown',
          `The agent stopped while the hook "${key.hook}" ran, and it must not run twice. Look whether it has done its work, or still runs.`,
        );
      }
      await stopLeftover(runName);
    }
    this.journal.hook(key, 'started');
    await failpoint('agent.hook:after-start', key.hook);
    const problem = await this.spawn(what, runName);
    await failpoint('agent.hook:after-run', key.hook);
    this.journal.hook(key, problem === null ? 'done' : 'failed');
    if (problem !== null) throw failed(key, problem, what.output.tail(outputName(key)));
  }

  /** Null: it went well. */
  private async spawn(what: HookRun, runName: string): Promise<string | null> {
    await mkdir(what.directory, { recursive: true, mode: 0o700 });
    what.output.rotate(outputName(what.key));
    const output = what.output.open(outputName(what.key));
    try {
      return await new Promise<string | null>((resolve) => {
        const child = spawn(what.hook.command, what.hook.args, {
          cwd: what.directory,
          env: {
            ...what.environment,
            TIDEGATE_HOOK: what.key.hook,
            [HOOK_VARIABLE]: runName,
          },
          detached: true,
          stdio: ['ignore', output, output],
        });
        let isLate = false;
        const { pid } = child;
        const identity = pid === undefined ? null : { pid, startTime: startTimeOf(pid), bootId };
        const timer = setTimeout(() => {
          isLate = true;
          if (identity) void stopGroup(identity, 500);
        }, what.hook.timeoutMs);
        child.once('error', (error) => {
          clearTimeout(timer);
          resolve(`it could not be started (${error.message})`);
        });
        child.once('exit', (code, signal) => {
          clearTimeout(timer);
          if (isLate) resolve(`it took longer than ${what.hook.timeoutMs} ms`);
          else if (code === 0) resolve(null);
          else resolve(signal ? `it was ended by ${signal}` : `it exited with code ${code ?? ''}`);
        });
      });
    } finally {
      closeSync(output);
    }
  }
}

async function stopLeftover(runName: string): Promise<void> {
  const found = findByEnvironment(HOOK_VARIABLE, runName);
  if (!found) return;
  await stopGroup({ pid: found.pid, startTime: found.startTime, bootId }, 500);
}

function outputName(key: HookKey): string {
  return `hook-${key.hook}`;
}

function failed(key: HookKey, how: string, tail: string): GenerationEnd {
  const said = tail === '' ? '' : ` Its last output: ${tail}`;
  const message = `The hook "${key.hook}" failed: ${how}.${said}`;
  return new GenerationEnd('failed', 'hook-failed', message);
}
