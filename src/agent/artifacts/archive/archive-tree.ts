import type { DomainError } from '../../../kernel/errors.js';
import { refusal, shown } from './archive-refusal.js';

/** What is at a path. A folder may be there only because something lies in it. */
export type TreeContent =
  | { readonly kind: 'directory'; readonly mode: number | null }
  | { readonly kind: 'file'; readonly mode: number; readonly bytes: number }
  | { readonly kind: 'link'; readonly target: string };

export interface TreeNode {
  readonly id: number;
  readonly name: string;
  readonly parent: TreeNode | null;
  content: TreeContent;
  isEmpty: boolean;
}

const IMPLIED: TreeContent = { kind: 'directory', mode: null };

/**
 * What an archive unpacks to, entry by entry, with tar's rule that the last of one path wins. Each entry
 * costs one step per component, and each folder is one node however many entries it is named by.
 */
export class ArchiveTree {
  readonly root = newNode(0, '', null, IMPLIED);
  /** By parent and name: one large map is lighter than one for each folder. */
  private readonly children = new Map<string, TreeNode>();

  constructor(private readonly maxNodes: number) {}

  /** Puts it there, and says what was there before. Throws where tar could not put it either. */
  put(
    path: readonly string[],
    content: TreeContent,
  ): { node: TreeNode; before: TreeContent | null } {
    let parent = this.root;
    for (const name of path.slice(0, -1)) {
      const child = this.child(parent, name) ?? this.add(parent, name, IMPLIED);
      if (child.content.kind !== 'directory') throw below(path, child);
      parent = child;
    }
    const name = path.at(-1)!;
    const node = this.child(parent, name);
    if (!node) return { node: this.add(parent, name, content), before: null };
    const before = node.content;
    if (before.kind === 'directory' && content.kind !== 'directory' && !node.isEmpty) {
      throw refusal(
        'archive-name-collision',
        `${shownPath(node)} is a folder with something in it, and later a ${content.kind}`,
      );
    }
    node.content = content;
    return { node, before };
  }

  find(path: readonly string[]): TreeNode | null {
    let node: TreeNode | null = this.root;
    for (const name of path) node = node && this.child(node, name);
    return node;
  }

  /** Null when nothing is there; throws when only a name is there that some file systems take for this one. */
  child(parent: TreeNode, name: string): TreeNode | null {
    const found = this.children.get(keyOf(parent, name));
    if (!found || found.name === name) return found ?? null;
    throw refusal(
      'archive-name-collision',
      `${shown(name)} collides with ${shownPath(found)}; names must differ in more than case`,
    );
  }

  nodes(): Iterable<TreeNode> {
    return this.children.values();
  }

  private add(parent: TreeNode, name: string, content: TreeContent): TreeNode {
    const id = this.children.size + 1;
    if (id > this.maxNodes) {
      throw refusal(
        'archive-too-many-files',
        `it has more than ${this.maxNodes} files and folders`,
      );
    }
    const node = newNode(id, name, parent, content);
    parent.isEmpty = false;
    this.children.set(keyOf(parent, name), node);
    return node;
  }
}

export function pathOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at: TreeNode | null = node; at?.parent; at = at.parent) names.unshift(at.name);
  return names.join('/');
}

export function shownPath(node: TreeNode): string {
  return shown(pathOf(node));
}

/** Two names that some file system holds to be one must not both occur. */
function keyOf(parent: TreeNode, name: string): string {
  const isPlain = !/[^\u0020-\u007e]/.test(name);
  const folded = isPlain ? name.toLowerCase() : name.normalize('NFC').toLowerCase();
  return `${parent.id}/${folded}`;
}

function newNode(
  id: number,
  name: string,
  parent: TreeNode | null,
  content: TreeContent,
): TreeNode {
  return { id, name, parent, content, isEmpty: true };
}

function below(path: readonly string[], node: TreeNode): DomainError {
  return refusal(
    'archive-name-collision',
    `${shown(path.join('/'))} lies below ${shownPath(node)}, which is a ${node.content.kind}`,
  );
}
