import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { artifactTooLarge } from '../drivers/storage/storage.errors.js';
import { limits } from '../kernel/limits.js';
import type { ReceivedArtifact } from './artifacts/artifact-intake.js';
import type { ArtifactsService } from './artifacts/artifacts.service.js';
import {
  manifestTooLarge,
  missingPart,
  type ReleaseForm,
  ReleaseFormReader,
  unknownPart,
} from './release-form.js';
import { digestMismatch, multipartMalformed } from './releases.errors.js';
import { partInvalid, uploadFailure } from './upload-failures.js';

export interface ReleaseUpload extends ReleaseForm {
  readonly artifact: ReceivedArtifact;
}

/** A client that sends nothing for so long is gone, or holds a place on purpose. */
export const UPLOAD_IDLE_MS = 60_000;
/** What the parts beside the artifact and the form's own lines may add to a request. */
const FORM_BYTES = 1024 * 1024;
/** More parts than the form has names for only serve to keep the parser busy. */
const PARTS = 16;

/**
 * A refused client may still be sending. The answer goes out at once, and the rest of the body is
 * thrown away for a while, because closing a socket with unread data would take the answer with it.
 */
const REST_BYTES = 64 * 1024 * 1024;
const REST_MS = 10_000;

/** RFC 2046, section 5.1.1; the form's parser would take a longer one for a mistake of its own. */
const BOUNDARY_CHARACTERS = 70;
const BOUNDARY = /;\s*boundary=(?:"([^"]*)"|([^\s;"]*))/i;

/**
 * Reads the form; the artifact lies in the store under a temporary key then. Discard it in the end.
 * `check` throws what stands against it before anything is read.
 */
export async function readReleaseUpload(
  request: FastifyRequest,
  artifacts: ArtifactsService,
  options: { readonly idleMs: number; readonly check: () => void },
): Promise<ReleaseUpload> {
  const { raw } = request;
  try {
    options.check();
    checkRequest(request, artifacts.limitBytes);
    raw.setTimeout(options.idleMs);
    return await readForm(request, artifacts);
  } catch (error) {
    throwAwayRest(raw);
    throw uploadFailure(error);
  } finally {
    raw.setTimeout(0);
  }
}

function checkRequest(request: FastifyRequest, limitBytes: number): void {
  if (!request.isMultipart()) {
    throw multipartMalformed(
      'Send a multipart/form-data form with version, manifest and artifact as its parts.',
    );
  }
  const boundary = BOUNDARY.exec(request.headers['content-type'] ?? '');
  const length = (boundary?.[1] ?? boundary?.[2] ?? '').length;
  if (length < 1 || length > BOUNDARY_CHARACTERS) {
    throw multipartMalformed(
      `The Content-Type says no boundary of 1 to ${BOUNDARY_CHARACTERS} characters.`,
    );
  }
  // Known before the first byte: nobody should send a gigabyte to hear that it is too much.
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes + FORM_BYTES) throw artifactTooLarge(limitBytes);
}

async function readForm(
  request: FastifyRequest,
  artifacts: ArtifactsService,
): Promise<ReleaseUpload> {
  const form = new ReleaseFormReader();
  let artifact: ReceivedArtifact | undefined;
  // fileSize: the store counts the artifact's bytes; the parser's own limit would cut it silently.
  const partLimits = {
    fieldNameSize: 100,
    fieldSize: limits.manifestBytes + 1,
    fields: PARTS,
    files: PARTS,
    parts: PARTS,
    fileSize: Number.MAX_SAFE_INTEGER,
    headerPairs: 20,
  };
  try {
    for await (const part of request.parts({ limits: partLimits })) {
      if (part.type === 'field') form.add(part.fieldname, fieldText(part));
      else if (part.fieldname === 'manifest') form.add('manifest', await shortText(part.file));
      else if (part.fieldname !== 'artifact') throw unknownPart(part.fieldname);
      else if (artifact) throw partInvalid('artifact', 'must come once');
      else artifact = await artifacts.receive(part.file);
    }
    const header = request.headers['x-artifact-digest'];
    const complete = form.finish(typeof header === 'string' ? header : undefined);
    if (!artifact) throw missingPart('artifact');
    checkDigest(complete.expectedArtifactDigest, artifact.artifactDigest);
    return { ...complete, artifact };
  } catch (error) {
    if (artifact) await artifacts.discard(artifact);
    throw error;
  }
}

function fieldText(part: Multipart & { type: 'field' }): string {
  if (part.fieldname === 'artifact') throw partInvalid('artifact', 'must be a file');
  if (part.valueTruncated) {
    throw part.fieldname === 'manifest' ? manifestTooLarge() : partInvalid('', 'is too long');
  }
  // A part that says application/json has been parsed; its text is judged again by our own rules.
  return typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
}

/** A manifest sent as a file, which is what most tools make of `manifest=@manifest.json`. */
async function shortText(file: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of file as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.manifestBytes) throw manifestTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function checkDigest(expected: string | null, actual: string): void {
  if (expected === null || expected === actual) return;
  throw digestMismatch(expected, actual);
}

function throwAwayRest(message: IncomingMessage): void {
  if (message.complete || message.destroyed) return;
  let left = REST_BYTES;
  const cut = () => message.socket.destroy();
  const timer = setTimeout(cut, REST_MS).unref();
  message.once('close', () => clearTimeout(timer));
  message.once('end', () => clearTimeout(timer));
  message.unpipe();
  message.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  message.resume();
}
