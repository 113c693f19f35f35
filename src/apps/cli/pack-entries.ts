import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Header, Pack } from 'tar-stream';
import { CliError } from './exit-codes.js';

type NewEntry = Pick<Header, 'name'> & Partial<Header>;

/**
 * What is in a folder as entries of an archive, in the order of their names' bytes: files, folders (the empty
 * ones, too) and links as they are. What an artifact may not hold is for the server to say, which sees those
 * that others packed as well; here is refused only what packing would lose. Gives the number of files.
 */
export async function addFolder(tar: Pack, folder: string, prefix: string): Promise<number> {
  let files = 0;
  for (const name of await namesIn(join(folder, prefix))) {
    const inside = posix.join(prefix, name);
    const path = join(folder, inside);
    const found = await lstat(path);
    if (found.isDirectory()) {
      await addEmpty(tar, headerOf('directory', `${inside}/`, found.mode));
      files += await addFolder(tar, folder, inside);
    } else if (found.isSymbolicLink()) {
      const linkname = textOf(await readlink(path, 'buffer'), path);
      // A link has no rights of its own, and systems say different things about them.
      await addEmpty(tar, { ...headerOf('symlink', inside, 0o755), linkname });
      files += 1;
    } else if (found.isFile()) {
      await addFile(tar, path, inside);
      files += 1;
    } else {
      throw new CliError(
        `${path} is a socket, a pipe or a device, which a release cannot have. Take it away, or pack a copy of the folder without it.`,
      );
    }
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { encoding: 'buffer' });
  // Not as text: characters beyond U+FFFF would come before others that are smaller.
  return names.sort((one, other) => Buffer.compare(one, other)).map((name) => textOf(name, folder));
}

function textOf(name: Buffer, place: string): string {
  if (isUtf8(name)) return name.toString('utf8');
  const escaped = Array.from(name, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
  ).join('');
  throw new CliError(
    `${place} has the name "${escaped}", which is not UTF-8. Rename it (convmv does it for many).`,
  );
}

/** The owner's rights, and of the others' what lets them read: nobody else writes to a release. */
function headerOf(type: 'file' | 'directory' | 'symlink', name: string, mode: number): NewEntry {
  const owned = type === 'directory' ? 0o700 : 0o400;
  return { type, name, mode: owned | (mode & 0o755), mtime: new Date(0), uid: 0, gid: 0 };
}

async function addFile(tar: Pack, path: string, name: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const { size, mode } = await file.stat();
    if ((mode & 0o6000) !== 0) {
      throw new CliError(`${path} has a setuid or setgid bit. Take it away: chmod ug-s.`);
    }
    const header = { ...headerOf('file', name, mode), size };
    // A file that grows meanwhile is cut, one that shrinks fails: the size stands in the header.
    const content = createReadStream(path, { end: Math.max(0, size - 1) });
    await (size === 0 ? addEmpty(tar, header) : pipeline(content, tar.entry(header)));
  } finally {
    await file.close();
  }
}

function addEmpty(tar: Pack, header: NewEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    // A folder or a link has no content, not even an empty one.
    if (header.type === 'file') tar.entry(header, '', done);
    else tar.entry(header, done);
  });
}
