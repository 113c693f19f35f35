import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReleaseStore } from '../../src/agent/artifacts/release-store.js';
import type { DesiredRelease } from '../../src/agent/protocol/protocol.js';
import { releaseForm } from './release-form.js';
import { type Answer, releasesApp } from './releases-app.js';

/** The road of an artifact from whoever packed it to a node: the real API, and what the real agent makes of it. */
export interface ReleaseRoad {
  push(artifact: Buffer): Promise<Answer>;
  /** Pushed, downloaded and unpacked: the folder. */
  arrive(artifact: Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function releaseRoad(): Promise<ReleaseRoad> {
  const app = await releasesApp();
  const root = await mkdtemp(join(tmpdir(), 'tidegate-road-'));
  let pushes = 0;
  const push = async (artifact: Buffer) => {
    pushes += 1;
    const body = releaseForm({ version: `1.0.${pushes}`, artifact });
    return app.send('modules/road/releases', { method: 'POST', body });
  };
  const arrive = async (artifact: Buffer) => {
    const pushed = await push(artifact);
    if (pushed.status !== 201) throw new Error(JSON.stringify(pushed.body));
    const release = pushed.body as DesiredRelease;
    const store = new ReleaseStore(root, {
      artifact: async () => {
        const { body } = await app.send(`modules/road/releases/${release.version}/artifact`);
        return { body: Readable.from([body as Buffer]), bytes: (body as Buffer).length };
      },
    });
    await store.install('road', release, {
      signal: new AbortController().signal,
      onDelay: ({ message }) => {
        throw new Error(message);
      },
    });
    return store.directoryOf('road', release);
  };
  const close = async () => {
    await app.close();
    await rm(root, { recursive: true, force: true });
  };
  return { push, arrive, close };
}
