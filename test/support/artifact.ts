import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { digestOfBytes } from '../../src/kernel/digest.js';

export interface ArtifactEntry {
  name: string;
  content?: string | Buffer;
  type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device';
  mode?: number;
  linkname?: string;
}

export interface Artifact {
  bytes: Buffer;
  artifactDigest: string;
}

/** Packs files (path → content) into a .tar.gz as `tidegate release push` would. */
export function buildArtifact(options: { files: Record<string, string> }): Promise<Artifact> {
  return buildArchive(Object.entries(options.files).map(([name, content]) => ({ name, content })));
}

/** Packs any entries, hostile ones among them. */
export async function buildArchive(entries: readonly ArtifactEntry[]): Promise<Artifact> {
  const tar = pack();
  for (const { content = '', ...header } of entries) {
    const isPlain = (header.type ?? 'file') === 'file';
    // The same entries are the same bytes, whenever they are packed.
    tar.entry({ mtime: new Date(0), ...header }, isPlain ? Buffer.from(content) : Buffer.alloc(0));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  const zipped = tar.pipe(createGzip());
  for await (const chunk of zipped) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  return { bytes, artifactDigest: digestOfBytes(bytes) };
}
