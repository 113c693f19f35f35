// `npm run demo`: a whole Tidegate on this machine, and a story of a good and a bad release told with it.
//
//   npm run demo              tells it, asks you to approve one rollout, and keeps everything running until Ctrl-C
//   npm run demo -- --once    approves by itself and ends: exit code 0 if it came out as told, 1 with the reason if not
import fs from 'node:fs';
import path from 'node:path';
import { endWithHelp, helpText } from '../help.mjs';
import { bold, dim, green, red } from './display/text.mjs';
import { Screen } from './display/screen.mjs';
import { abandonedHomes, makeHome } from './home.mjs';
import { endHome, Processes } from './processes.mjs';
import { Story } from './story.mjs';
import { nextLines, reasonLines, summaryLines } from './summary.mjs';
import { differences } from './verdict.mjs';

const flags = process.argv.slice(2);
endWithHelp('demo', flags);
const unknown = flags.find((flag) => flag !== '--once');
if (unknown !== undefined) {
  process.stderr.write(`demo: unknown argument "${unknown}".\n\n${helpText('demo')}`);
  process.exit(2);
}
const isOnce = flags.includes('--once');

/** Resolves with the reason to stop; that npm is gone comes as a signal, see scripts/bootstrap. */
function stopAsked() {
  return new Promise((resolve) => {
    // npm passes a Ctrl-C on that has come here by itself already, so a second one means nothing.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
    process.on('uncaughtException', (error) => resolve(error));
    process.on('unhandledRejection', (error) => resolve(error));
  });
}

/** Before anything runs, a sentence is all there is to say. */
function homeOrEnd() {
  try {
    return makeHome();
  } catch (error) {
    process.stderr.write(`demo: ${error.message}\n`);
    return process.exit(1);
  }
}

async function tidyUp(home) {
  for (const abandoned of abandonedHomes(path.dirname(home), home)) {
    await endHome(abandoned).catch(() => []);
    fs.rmSync(abandoned, { recursive: true, force: true });
  }
}

function tellEnd(screen, story, problems) {
  for (const line of summaryLines(story.facts)) screen.print(line);
  const { good, bad } = story.facts;
  const decided = bad ?? good;
  if (decided && decided.status !== 'Succeeded') {
    for (const line of reasonLines(decided)) screen.print(line);
  }
  screen.print();
  if (problems.length === 0) {
    const took = (screen.elapsedMs() / 1000).toFixed(0);
    screen.print(`  ${green('✓')} ${bold('The story came out as told')}, in ${took} s.`);
  }
  for (const problem of problems) screen.print(`  ${red('✗')} ${problem}`);
}

async function run(screen, story, asked) {
  const told = story.tell().then(
    () => ({ problems: differences(story.facts) }),
    (error) => ({ problems: [error.message] }),
  );
  const first = await Promise.race([told, asked.then((by) => ({ by }))]);
  if (first.by !== undefined) return { ...first, problems: ['The demo was stopped.'] };
  story.isTold = true;
  screen.keep();
  tellEnd(screen, story, first.problems);
  if (isOnce || first.problems.length > 0) return first;
  for (const line of nextLines(story.url, story.nodes)) screen.print(line);
  // The traffic goes on, and so does its figure.
  const beat = setInterval(() => screen.show(story.trafficLines()), 500);
  const by = await asked;
  clearInterval(beat);
  return { ...first, by };
}

async function end({ screen, story, processes, home, keepsLogs }) {
  screen.keep();
  screen.print(dim('  Stopping agents, fronts, modules and the control plane …'));
  story.stop();
  const left = await processes.endAll().catch((error) => [error.message]);
  for (const sentence of left) screen.print(`  ${red('✗')} ${sentence}`);
  if (!keepsLogs && left.length === 0) {
    fs.rmSync(home, { recursive: true, force: true });
  } else {
    screen.print(dim(`  Logs are in ${home} until the next demo.`));
  }
  return left;
}

const asked = stopAsked();
const home = homeOrEnd();
await tidyUp(home);
const screen = new Screen();
const processes = new Processes(home);
const story = new Story(screen, processes, !isOnce && screen.isLive);
screen.print();
screen.print(`  ${bold('Tidegate')}  a good release, a bad one, and six nodes that decide`);
screen.print();
const { problems, by } = await run(screen, story, asked);
if (by instanceof Error) screen.print(`  ${red('✗')} ${by.stack}`);
const isInterrupted = typeof by === 'string' && !story.isTold;
const keepsLogs = problems.length > 0 && !isInterrupted;
const left = await end({ screen, story, processes, home, keepsLogs });
screen.close();
process.exit(isInterrupted ? 130 : problems.length + left.length > 0 ? 1 : 0);
