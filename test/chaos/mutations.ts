/**
 * `npm run chaos:mutations`: takes one defence after the other out of the sources, plays a scenario
 * that needs it on real processes, and fails when nobody notices. With all defences every scenario
 * must hold, or noticing would mean nothing.
 */
import { endWithHelp } from '../../scripts/help.mjs';
import { builtServer, type SourceMutation } from '../support/built.js';
import { Scenes, type Scene } from './mutation-scenes.js';
import { World } from './world.js';

endWithHelp('chaos:mutations');

interface Mutation extends SourceMutation {
  readonly scene: Scene;
}

/** Every comparison with the fence becomes one that is always true. */
const FENCE = /(?:\br\.)?\bfence = (:fence)/g;

const mutations: readonly Mutation[] = [
  {
    name: 'the due loop finds nothing',
    scene: 'killed between commit and hint',
    edits: [
      {
        file: 'deployments/runs/sql-run-store.ts',
        from: /async claimDue\([^{]*\{/,
        to: '$& if (limit > 0) return [];',
      },
    ],
  },
  {
    name: 'writes are not fenced',
    scene: 'blocked beyond its lease',
    edits: ['leases.store', 'run-table.store'].map((file) => ({
      file: `deployments/runs/${file}.ts`,
      from: FENCE,
      to: '$1::bigint is not null',
    })),
  },
  {
    name: 'agents forget what they have accepted',
    scene: 'agent killed after an effect',
    edits: [{ file: 'agent/desired/judge-module.ts', from: /if \(!known \|\| /, to: '$&next || ' }],
  },
  {
    name: 'what the engine does is not audited',
    scene: 'two at once',
    edits: [
      {
        file: 'deployments/runs/deployment-rows.ts',
        from: /await open\.record\(statusChanged/,
        to: 'if (change.reason === null) return;\n    $&',
      },
    ],
  },
  {
    name: 'nobody waits for the slot',
    scene: 'two at once',
    edits: [
      {
        file: 'deployments/steps/slot.step.ts',
        from: /if \(blockedBy\) \{/,
        to: 'if (blockedBy && !blockedBy) {',
      },
    ],
  },
];

/** Small ones, which mostly wait for a lease to end or for a process to be there again. */
const WORLDS_AT_ONCE = 2;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function inWorld<T>(
  mutation: SourceMutation | undefined,
  play: (scenes: Scenes) => Promise<T>,
): Promise<T> {
  const world = await World.start({
    apis: 1,
    workers: 2,
    nodes: 1,
    ...(mutation ? { mutation } : {}),
  });
  try {
    return await play(await Scenes.prepare(world));
  } finally {
    await world.stop();
  }
}

async function takeAway(): Promise<void> {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { name, scene } = next;
    const [fault] = await inWorld(next, (scenes) => scenes.play(scene));
    if (!fault) failures += 1;
    say(`${fault ? 'noticed' : 'NOT NOTICED'}: ${name}${fault ? `: ${fault}` : ''}`);
  }
}

const since = performance.now();
// Does each still fit? Told before anything is started.
for (const mutation of mutations) await builtServer(mutation);
let failures = 0;
await inWorld(undefined, async (scenes) => {
  for (const { scene } of mutations) {
    const [fault] = await scenes.play(scene);
    if (fault) failures += 1;
    say(`${fault ? 'RED  ' : 'green'} with all defences: ${scene}${fault ? `: ${fault}` : ''}`);
  }
});
const waiting = [...mutations];
await Promise.all(Array.from({ length: WORLDS_AT_ONCE }, takeAway));
const seconds = ((performance.now() - since) / 1000).toFixed(0);
say(`${mutations.length} defences taken away, ${failures} failures, ${seconds} s`);
process.exit(failures > 0 ? 1 : 0);
