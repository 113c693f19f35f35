/** What shows that a defence is missing: short, and the same every time. Answers what went wrong. */
import { readFile } from 'node:fs/promises';
import type { Client } from '../support/client.js';
import { eventually } from '../support/eventually.js';
import { deploymentsOf, faultsOf, isOver, unsettled } from './checker.js';
import { readFailpoints } from './failpoint-text.mjs';
import { attend } from './operator.js';
import { postPatiently } from './patient-client.js';
import { SmallService } from './service.js';
import type { World } from './world.js';

export type Scene =
  | 'killed between commit and hint'
  | 'blocked beyond its lease'
  | 'agent killed after an effect'
  | 'two at once';

/** Longer than any of it takes with all defences. */
const PATIENCE_MS = 30_000;
/** Twice a lease: the other worker has taken over and is done when it ends. */
const BLOCK_MS = 9_000;

export class Scenes {
  private count = 0;

  private constructor(
    private readonly world: World,
    private readonly client: Client,
    private readonly job: SmallService,
  ) {}

  static async prepare(world: World): Promise<Scenes> {
    const client = await world.client();
    const job = new SmallService(world.effectsFolder, { name: SmallService.alone, hookSeconds: 1 });
    await job.pushAll(client);
    return new Scenes(world, client, job);
  }

  /** The first entry says best what is wrong; none: it held. */
  async play(scene: Scene): Promise<string[]> {
    try {
      await this.act(scene);
      await this.within(() => this.overAndSettled());
    } catch (error) {
      return [(error as Error).message];
    } finally {
      await this.world.arm('');
    }
    return faultsOf(this.world, this.client);
  }

  private async act(scene: Scene): Promise<void> {
    switch (scene) {
      case 'killed between commit and hint':
        await this.armed('database.commit:after/accept=kill', () => this.deploy());
        return;
      case 'blocked beyond its lease':
        await this.armed(`engine.action:after-effect/preflight=block:${BLOCK_MS}`, () =>
          this.deploy(),
        );
        await this.within(() => this.lateWriteIsOver());
        return;
      case 'agent killed after an effect':
        await this.armed('agent.hook:after-run=kill', () => this.deploy());
        // What the next agent makes of it must be seen before the control plane says otherwise.
        await this.world.arm('agent.report:before=delay:4000');
        return;
      case 'two at once':
        await Promise.all([this.deploy(), this.deploy()]);
        return;
    }
  }

  private async deploy(): Promise<void> {
    this.count += 1;
    const key = `scene-${this.count}`;
    const { urls } = this.world;
    const body = {
      moduleName: 'job',
      version: this.job.versions[this.count % 4],
      targetEnvironment: 'QA',
      metadata: { key },
      strategy: { kind: 'direct' },
      allowRolledBack: true,
    };
    const { token } = this.client;
    const request = { urls, token, path: '/deployments', body, key, patienceMs: PATIENCE_MS };
    const answer = await postPatiently(request);
    if (answer?.status !== 202) throw new Error(`not accepted: ${JSON.stringify(answer?.body)}`);
  }

  private async armed(text: string, act: () => Promise<void>): Promise<void> {
    await this.world.arm(text);
    await act();
    const [entry] = readFailpoints(text);
    await this.within(async () => {
      const fired = await readFile(`${this.world.failpointFile}.fired`, 'utf8').catch(() => '');
      if (!fired.split('\n').includes(entry!.text)) throw new Error(`${text} was not reached`);
    });
  }

  /** The worker that stood still has tried to write: it was refused, or it has done harm. */
  private async lateWriteIsOver(): Promise<void> {
    if ((await this.world.metric('tidegate_fenced_writes_total')) > 0) return;
    if ((await this.overFaults()).length > 0) return;
    throw new Error('the worker that stood still has not written yet');
  }

  private async overFaults(): Promise<string[]> {
    const isAllOver = (await deploymentsOf(this.world)).every(isOver);
    return isAllOver ? faultsOf(this.world, this.client, []) : [];
  }

  private async overAndSettled(): Promise<void> {
    await attend(this.world, this.client);
    const open = (await deploymentsOf(this.world)).filter((each) => !isOver(each));
    if (open.length > 0) throw new Error(`never over: ${open[0]!.id} is ${open[0]!.status}`);
    const [fault] = await unsettled(this.world);
    if (fault) throw new Error(`never settled: ${fault}`);
  }

  private within(assertion: () => Promise<void>): Promise<void> {
    return eventually(assertion, PATIENCE_MS);
  }
}
