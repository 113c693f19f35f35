import { setImmediate as turn } from 'node:timers/promises';
import type { DomainError } from '../../../kernel/errors.js';
import { limits } from '../../../kernel/limits.js';
import { leavesArtifact } from './archive-path.js';
import { refusal } from './archive-refusal.js';
import { type ArchiveTree, shownPath, type TreeNode } from './archive-tree.js';

/** A place in the artifact, or one that would be in it if somebody made it. */
type Place = TreeNode | Missing;
interface Missing {
  readonly parent: Place;
}

interface Resolved {
  readonly place: Place;
  /** Links followed from here on, this one included. */
  readonly hops: number;
}

/** Other work gets its turn after so many links: each costs up to 500 steps. */
const LINKS_PER_TURN = 200;

/**
 * Where links lead, in the tree that the whole archive makes: through other links, as the kernel would. All
 * must stay inside, also on the way and also where nothing is yet. Each link is resolved once.
 */
export class ArchiveLinks {
  private readonly resolved = new Map<TreeNode, Resolved>();

  constructor(private readonly tree: ArchiveTree) {}

  async checkAll(links: readonly TreeNode[]): Promise<void> {
    for (const [index, link] of links.entries()) {
      if (index % LINKS_PER_TURN === LINKS_PER_TURN - 1) await turn();
      this.resolve(link, 1);
    }
  }

  private resolve(link: TreeNode, depth: number): Resolved {
    const known = this.resolved.get(link);
    if (known) return known;
    let place: Place = link.parent!;
    let hops = 1;
    // A circle is an endless chain.
    if (depth > limits.unpackedLinkHops) throw endless(link);
    for (const name of targetOf(link).split('/')) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (!place.parent) throw leavesArtifact(shownPath(link), targetOf(link));
        place = place.parent;
        continue;
      }
      const child: TreeNode | null = this.childOf(place, name);
      if (child?.content.kind === 'link') {
        const next = this.resolve(child, depth + 1);
        place = next.place;
        hops += next.hops;
        if (hops > limits.unpackedLinkHops) throw endless(link);
      } else {
        place = child ?? { parent: place };
      }
    }
    const result = { place, hops };
    this.resolved.set(link, result);
    return result;
  }

  private childOf(place: Place, name: string): TreeNode | null {
    return 'content' in place ? this.tree.child(place, name) : null;
  }
}

function targetOf(link: TreeNode): string {
  return link.content.kind === 'link' ? link.content.target : '';
}

function endless(link: TreeNode): DomainError {
  return refusal(
    'archive-link',
    `${shownPath(link)} leads through more than ${limits.unpackedLinkHops} links, or in a circle`,
  );
}
