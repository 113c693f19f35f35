// Packs, signs and pushes a release, as a build server would.
import fs from 'node:fs';
import path from 'node:path';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { manifestSchema } from '../../dist/agent/protocol/manifest.js';
import { digestOf, digestOfBytes } from '../../dist/kernel/digest.js';
import { signRelease } from '../../dist/kernel/signature.js';
import { projectRoot } from './home.mjs';

export const moduleName = 'payment-processor';
export const keyName = 'build-server';
const services = path.join(projectRoot, 'scripts', 'demo', 'services', moduleName);

export function manifestOf(version) {
  return JSON.parse(fs.readFileSync(path.join(services, version, 'manifest.json'), 'utf8'));
}

export async function pushRelease(api, version, privateKey) {
  const manifest = manifestOf(version);
  const artifact = await packed(path.join(services, version), 'server.mjs');
  // The digest covers the manifest with its defaults, so that nothing about a release is left open.
  const { digest } = digestOf('release', {
    artifactDigest: digestOfBytes(artifact),
    manifest: manifestSchema.parse(manifest),
  });
  const form = new FormData();
  form.set('version', version);
  form.set('manifest', JSON.stringify(manifest));
  form.set('signature', signRelease(digest, privateKey));
  form.set('keyName', keyName);
  form.set('artifact', new Blob([artifact]), 'artifact.tar.gz');
  return api.post(`/modules/${moduleName}/releases`, form);
}

async function packed(folder, file) {
  const tar = pack();
  tar.entry({ name: file, mtime: new Date(0) }, fs.readFileSync(path.join(folder, file)));
  tar.finalize();
  const chunks = [];
  for await (const chunk of tar.pipe(createGzip())) chunks.push(chunk);
  return Buffer.concat(chunks);
}
