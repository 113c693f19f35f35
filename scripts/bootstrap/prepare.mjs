import { build } from './build.mjs';
import { diskProblem } from './disk-problem.mjs';
import { install } from './install.mjs';
import { Interruption } from './interruption.mjs';
import { say } from './say.mjs';
import { Interrupted, runStep, StepFailed } from './step.mjs';
import { Turn } from './turn.mjs';

/** Packages and build as they should be, or the end of this process with the reason said. */
export async function prepare(root) {
  const interruption = new Interruption();
  const turn = new Turn(root);
  let isMine = false;
  const step = (told) =>
    runStep({ ...told, cwd: root, interruption, onStart: (pid) => isMine && turn.runs(pid) });
  let exitCode;
  try {
    isMine = await turn.take(interruption);
    await install(root, step);
    await build(root, step);
  } catch (error) {
    const problem = error instanceof StepFailed ? error.message : diskProblem(error, root);
    if (error instanceof Interrupted) exitCode = error.exitCode;
    else if (problem === undefined) throw error;
    else {
      exitCode = 1;
      say(problem);
    }
  } finally {
    if (isMine) turn.give();
    interruption.end();
  }
  if (exitCode !== undefined) process.exit(exitCode);
}
