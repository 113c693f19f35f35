import { z } from 'zod';
import { manifestSchema } from '../agent/protocol/manifest.js';
import { digest, dnsLabel, releaseVersion, text } from '../kernel/text.js';
import { pageOf, pageQuery } from '../platform/http/page.js';
import { sortBy } from '../platform/http/sorted-page.js';

export const moduleName = dnsLabel.meta({
  description: 'The module’s name, a DNS label.',
  example: 'payment-processor',
});

export const versionInPath = releaseVersion.meta({ example: '2.1.0' });

const signedBy = z
  .strictObject({
    keyId: z.uuid(),
    keyName: z.string(),
    isRevoked: z.boolean().meta({ description: 'The key was revoked since.' }),
  })
  .meta({ id: 'ReleaseSigner' });

const summary = {
  id: z.uuid(),
  moduleName: z.string(),
  version: z.string(),
  releaseDigest: digest.meta({ description: 'Of the manifest and the artifactDigest.' }),
  artifactDigest: digest.meta({ description: 'Of the artifact’s bytes.' }),
  artifactBytes: z.int(),
  signature: signedBy.nullable(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
};

export const releaseSummary = z.strictObject(summary).meta({ id: 'ReleaseSummary' });
export const release = z
  .strictObject({ ...summary, manifest: manifestSchema })
  .meta({ id: 'Release' });
export const releasePage = pageOf(releaseSummary).meta({ id: 'ReleasePage' });

export const module = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    createdAt: z.iso.datetime(),
    newestRelease: z
      .strictObject({ id: z.uuid(), version: z.string(), createdAt: z.iso.datetime() })
      .nullable(),
  })
  .meta({ id: 'Module' });
export const modulesQuery = pageQuery.extend({
  text: text(63).min(1).optional().meta({ description: 'What the name has in it.' }),
  sort: sortBy(['createdAt', 'name', 'releasedAt'], '-createdAt'),
});
export type ModulesQuery = z.output<typeof modulesQuery>;

export const releasesQuery = pageQuery.extend({
  text: text(64).min(1).optional().meta({ description: 'What the version has in it.' }),
  createdBy: text(200).min(1).optional().meta({ description: 'As the list shows it.' }),
  signed: z.enum(['true', 'false']).optional(),
  sort: sortBy(['createdAt', 'version', 'createdBy', 'artifactBytes'], '-createdAt'),
});
export type ReleasesQuery = z.output<typeof releasesQuery>;

export const modulePage = pageOf(module).meta({ id: 'ModulePage' });

export type ReleaseSummary = z.output<typeof releaseSummary>;
export type Release = z.output<typeof release>;
export type Module = z.output<typeof module>;

export const exampleRelease = {
  id: '019a7f3e-52b0-7c4e-9d8f-6a1b2c3d4e5f',
  moduleName: 'payment-processor',
  version: '2.1.0',
  releaseDigest: 'sha256:9f2c8a5d0e6b3c1f4a7d9e2b5c8f1a4d7e0b3c6f9a2d5e8b1c4f7a0d3e6b9c2f',
  artifactDigest: 'sha256:1c4f7a0d3e6b9c2f9f2c8a5d0e6b3c1f4a7d9e2b5c8f1a4d7e0b3c6f9a2d5e8b',
  artifactBytes: 48_213,
  signature: {
    keyId: '019a7f3e-5000-7aaa-8bbb-0123456789ab',
    keyName: 'build-server',
    isRevoked: false,
  },
  createdBy: 'deployer',
  createdAt: '2026-05-04T09:12:33.000Z',
};

export const exampleManifest = {
  schema: 1,
  run: { command: 'node', args: ['server.js'] },
  traffic: { protocol: 'http', port: 8080 },
};

/** The parts of a push; the archive itself does not fit on a page. */
export const examplePush = {
  version: '2.1.0',
  manifest: JSON.stringify(exampleManifest),
  artifact: '(the bytes of payment-processor.tar.gz)',
};

export const releaseManifestSchema = z
  .looseObject({ $schema: z.string(), type: z.literal('object') })
  .meta({ id: 'ManifestAsJsonSchema' });

/** The form of a push, for the document: it is read part by part, not by a schema. */
export const pushForm = {
  type: 'object',
  required: ['version', 'manifest', 'artifact'],
  properties: {
    version: { type: 'string', example: '2.1.0' },
    manifest: { type: 'string', description: 'JSON; its schema is at /api/v1/schemas/manifest.' },
    artifact: { type: 'string', format: 'binary', description: 'A .tar.gz.' },
    signature: {
      type: 'string',
      description: 'Ed25519 over the releaseDigest, 64 bytes as unpadded base64url.',
    },
    keyId: { type: 'string', format: 'uuid', description: 'Which key signed: this or keyName.' },
    keyName: { type: 'string' },
    expectedArtifactDigest: { type: 'string', description: 'sha256: and 64 hex digits.' },
  },
};
