import type { ArchiveCaps } from './archive-caps.js';
import { ArchiveLinks } from './archive-links.js';
import { linkTarget, plainPath } from './archive-path.js';
import { refusal, shown } from './archive-refusal.js';
import { ArchiveTree, pathOf, type TreeContent, type TreeNode } from './archive-tree.js';
import type { TarEntry } from './tar-reader.js';

/** Below this size the ratio says nothing: a file of zeros is honest. */
const RATIO_MATTERS_BYTES = 16 * 1024 * 1024;

/** What to do for an entry. Symbolic links are not among it: nothing may be written through one. */
export type CheckedEntry = {
  /** Relative, `/` between components. */
  readonly path: string;
  /** What is to be taken away first: the last entry of one path wins. */
  readonly replaces: 'file' | 'directory' | null;
} & (
  | { readonly kind: 'file'; readonly mode: number }
  | { readonly kind: 'directory' }
  /** A hard link: the same content once more. */
  | { readonly kind: 'copy'; readonly from: string }
  /** Only takes away what it replaces; made in the end. */
  | { readonly kind: 'link' }
);

/** What is to be done when everything else is there. */
export interface ArchiveEnd {
  readonly links: readonly { readonly path: string; readonly target: string }[];
  /** Folders with other rights than 0755. */
  readonly folders: readonly { readonly path: string; readonly mode: number }[];
}

/**
 * What an artifact's archive may contain, shared by the server (upload) and the agent (unpacking): plain
 * files, folders and links that stay inside, with plain relative names. Call `check` for each entry in order,
 * `count` as bytes are unpacked, and `end`. Each throws to refuse.
 */
export class ArchiveGuard {
  private readonly tree: ArchiveTree;
  private unpackedBytes = 0;
  private copiedBytes = 0;
  private namesBytes = 0;
  private entries = 0;

  constructor(private readonly caps: ArchiveCaps) {
    this.tree = new ArchiveTree(caps.files);
  }

  /** Null: nothing is to be done, for the archive's own root (`./`) for example. */
  check(entry: TarEntry): CheckedEntry | null {
    this.countEntry(entry);
    const components = plainPath(entry.name, this.caps, entry.kind === 'directory');
    if (components.length === 0) return null;
    const original = entry.kind === 'hard-link' ? this.originalOf(entry) : null;
    if (original && original === this.tree.find(components)) return null;
    const { node, before } = this.tree.put(components, original?.content ?? this.contentOf(entry));
    const path = components.join('/');
    const place = { path, replaces: replacedBy(node.content, before) };
    const { content } = node;
    if (content.kind === 'directory') return { ...place, kind: 'directory' };
    if (content.kind === 'link') return { ...place, kind: 'link' };
    if (!original) return { ...place, kind: 'file', mode: content.mode };
    this.copiedBytes += content.bytes;
    this.checkTotal(0);
    return { ...place, kind: 'copy', from: pathOf(original) };
  }

  /** `bytes` more were unpacked; `packedBytes` were read so far. */
  count(bytes: number, packedBytes: number): void {
    this.unpackedBytes += bytes;
    this.checkTotal(0);
    const isSwollen = this.unpackedBytes > packedBytes * this.caps.ratio;
    if (this.unpackedBytes > RATIO_MATTERS_BYTES && isSwollen) {
      throw refusal('archive-ratio', `it unpacks to more than ${this.caps.ratio} times its size`);
    }
  }

  /** Behind the last entry: only now it is known where links lead. */
  async end(): Promise<ArchiveEnd> {
    const links: { node: TreeNode; path: string; target: string }[] = [];
    const folders: { path: string; mode: number }[] = [];
    for (const node of this.tree.nodes()) {
      const { content } = node;
      if (content.kind === 'link') {
        links.push({ node, path: pathOf(node), target: content.target });
      } else if (content.kind === 'directory' && (content.mode ?? 0o755) !== 0o755) {
        folders.push({ path: pathOf(node), mode: content.mode! });
      }
    }
    await new ArchiveLinks(this.tree).checkAll(links.map(({ node }) => node));
    return { links: links.map(({ path, target }) => ({ path, target })), folders };
  }

  private countEntry({ name, target, kind, size }: TarEntry): void {
    this.entries += 1;
    if (this.entries > this.caps.files) {
      throw refusal('archive-too-many-files', `it has more than ${this.caps.files} entries`);
    }
    this.namesBytes += name.length + target.length;
    if (this.namesBytes > this.caps.namesBytes) {
      const what = `its names are longer than ${this.caps.namesBytes} bytes together`;
      throw refusal('archive-path-too-long', what);
    }
    if (kind === 'file') this.checkTotal(size);
    // Readers disagree whether these have contents; what follows could be read as headers.
    else if (size > 0)
      throw refusal('archive-damaged', `${shown(name)} has contents, as a ${kind}`);
  }

  private contentOf(entry: TarEntry): TreeContent {
    const { kind, mode, size: bytes, name } = entry;
    // The owner must be able to work in it and to remove it; nobody else may write.
    if (kind === 'directory') return { kind, mode: 0o700 | (mode & 0o755) };
    if (kind !== 'file') return { kind: 'link', target: linkTarget(entry.target, name, this.caps) };
    if ((mode & 0o6000) !== 0) {
      const what = `${shown(name)} has a setuid or setgid bit; take it away with chmod ug-s`;
      throw refusal('archive-setuid', what);
    }
    return { kind, mode: 0o400 | (mode & 0o755), bytes };
  }

  private originalOf({ name, target }: TarEntry): TreeNode {
    const original = this.tree.find(plainPath(target, this.caps, false));
    if (original && original.content.kind !== 'directory') return original;
    throw refusal(
      'archive-link',
      `${shown(name)} is a hard link to ${shown(target)}, which is no file before it; pack with --hard-dereference`,
    );
  }

  private checkTotal(moreBytes: number): void {
    const bytes = this.unpackedBytes + this.copiedBytes + moreBytes;
    if (bytes <= this.caps.totalBytes) return;
    const what = `it unpacks to more than ${this.caps.totalBytes} bytes`;
    throw refusal('archive-too-large', what);
  }
}

/** Links are not on the disk before the end. A folder that becomes a folder stays. */
function replacedBy(content: TreeContent, before: TreeContent | null): CheckedEntry['replaces'] {
  if (before?.kind === 'file') return 'file';
  return before?.kind === 'directory' && content.kind !== 'directory' ? 'directory' : null;
}
