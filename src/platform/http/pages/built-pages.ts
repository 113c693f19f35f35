import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};
const ENCODINGS = { br: '.br', gzip: '.gz' } as const;

export interface BuiltFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** The same, as the build has packed it. */
  readonly packed: Readonly<Partial<Record<keyof typeof ENCODINGS, Buffer>>>;
  /** Its name changes with its content. */
  readonly isHashed: boolean;
}

export interface BuiltPages {
  /** What every page begins with; has `NONCE_PLACE` where a nonce is due. */
  readonly index: string;
  readonly files: ReadonlyMap<string, BuiltFile>;
}

/** As dashboard/vite.config.ts writes it. */
export const NONCE_PLACE = 'NONCE-OF-THE-RESPONSE';

/**
 * All of it in memory, read once: under a megabyte, and no path of a request ever reaches the disk.
 * Null: nobody has built it.
 */
export function readBuiltPages(folder: string): BuiltPages | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = new Map<string, BuiltFile>();
  for (const name of names) {
    const type = TYPES[extname(name)];
    if (type === undefined || name === 'index.html') continue;
    const path = join(folder, name);
    const packed = Object.fromEntries(
      Object.entries(ENCODINGS)
        .filter(([, extension]) => existsSync(path + extension))
        .map(([encoding, extension]) => [encoding, readFileSync(path + extension)]),
    );
    const isHashed = name.startsWith('assets/');
    files.set(`/${name}`, { type, bytes: readFileSync(path), packed, isHashed });
  }
  return { index: readFileSync(join(folder, 'index.html'), 'utf8'), files };
}
