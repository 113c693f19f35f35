import { createHash, sign, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * A release is signed over its releaseDigest: the digest of the artifact's digest and of the
 * manifest with every default written out, as canonical JSON (RFC 8785). The server computes the
 * same; a signature by other defaults is refused, never believed.
 */
type Json = string | number | boolean | null | Json[] | { [name: string]: Json | undefined };
type JsonObject = { [name: string]: Json | undefined };

export function releaseDigest(manifest: unknown, artifactDigest: string): string {
  const text = canonicalJson({ artifactDigest, manifest: completeManifest(manifest) });
  return `sha256:${createHash('sha256').update(`tidegate:release:v1\n${text}`).digest('hex')}`;
}

/** The Ed25519 signature as unpadded base64url. */
export function signReleaseDigest(digest: string, privateKey: KeyObject): string {
  const text = Buffer.from(`tidegate:release-signature:v1\n${digest}`);
  return sign(null, text, privateKey).toString('base64url');
}

/** Reads the file once, in pieces. */
export async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** Writes out the defaults of a manifest of schema 1; what is wrong in it is the server's to tell. */
export function completeManifest(manifest: unknown): Json {
  if (!isObject(manifest)) return manifest as Json;
  const { run, traffic, health, hooks, ...rest } = manifest;
  return {
    drainMs: 5000,
    stopGraceMs: 10_000,
    overlap: false,
    resources: {},
    configuration: {},
    secrets: {},
    ...rest,
    run: withDefaults(run, { args: [], env: {} }),
    traffic: traffic && withDefaults(traffic, { reuse: 'idle', headersTimeoutMs: 60_000 }),
    health: withDefaults(health ?? {}, {
      path: '/healthz',
      intervalMs: 500,
      timeoutMs: 1000,
      startTimeoutMs: 30_000,
    }),
    hooks: completeHooks(hooks ?? {}),
  };
}

function completeHooks(hooks: Json): Json {
  if (!isObject(hooks)) return hooks;
  const preset: JsonObject = { args: [], timeoutMs: 60_000, idempotent: false };
  return Object.fromEntries(
    Object.entries(hooks).map(([name, hook]) => [name, hook && withDefaults(hook, preset)]),
  );
}

function withDefaults(value: Json | undefined, preset: JsonObject): Json | undefined {
  return isObject(value) ? { ...preset, ...value } : value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  // By UTF-16 code units, which is what < compares.
  names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name]!)}`).join(',')}}`;
}
