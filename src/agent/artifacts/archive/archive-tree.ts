import type { DomainError } from '../../../kernel/errors.js';
import { refusal, shown } from './archive-refusal.js';

/** What is at a path. A folder may be there only because something lies in it. */
export type TreeContent =
  | { readonly kind: 'directory'; readonly mode: number | null }
  | { readonly kind: 'file'; readonly mode: number; readonly bytes: number }
  | { readonly kind: 'link'; readonly target: string };

export interface TreeNode {
  readonly name: string;
  readonly parent: TreeNode | null;
  content: TreeContent;
}

/**
 * What an archive unpacks to, entry by entry, with tar's rule that the last of one path wins. Each entry
 * costs one step per component, and each folder is one node however many entries it is named by.
 */
export class ArchiveTree {
  readonly root: TreeNode = newNode('', null, { kind: 'directory', mode: null });
  private readonly children = new Map<TreeNode, Map<string, TreeNode>>();
  private count = 0;

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
    if (before.kind === 'directory' && content.kind !== 'directory' && this.children.has(node)) {
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
    const found = this.children.get(parent)?.get(folded(name));
    if (!found || found.name === name) return found ?? null;
    throw refusal(
      'archive-name-collision',
      `${shown(name)} collides with ${shownPath(found)}; names must differ in more than case`,
    );
  }

  *nodes(): Iterable<TreeNode> {
    for (const children of this.children.values()) yield* children.values();
  }

  private add(parent: TreeNode, name: string, content: TreeContent): TreeNode {
    this.count += 1;
    if (this.count > this.maxNodes) {
      throw refusal(
        'archive-too-many-files',
        `it has more than ${this.maxNodes} files and folders`,
      );
    }
    const node = newNode(name, parent, content);
    const siblings = this.children.get(parent);
    if (siblings) siblings.set(folded(name), node);
    else this.children.set(parent, new Map([[folded(name), node]]));
    return node;
  }
}

const IMPLIED: TreeContent = { kind: 'directory', mode: null };

export function pathOf(node: TreeNode): string {
  const names: string[] = [];
  for (let at: TreeNode | null = node; at?.parent; at = at.parent) names.unshift(at.name);
  return names.join('/');
}

export function shownPath(node: TreeNode): string {
  return shown(pathOf(node));
}

/** Two names that some file system holds to be one must not both occur. */
function folded(name: string): string {
  return /[^\u0020-\u007e]/.test(name) ? name.normalize('NFC').toLowerCase() : name.toLowerCase();
}

function newNode(name: string, parent: TreeNode | null, content: TreeContent): TreeNode {
  return { name, parent, content };
}

function below(path: readonly string[], node: TreeNode): DomainError {
  return refusal(
    'archive-name-collision',
    `${shown(path.join('/'))} lies below ${shownPath(node)}, which is a ${node.content.kind}`,
  );
}
