import type { Head } from '../../deployments/deployments.queries.js';

/** Up to what moment all followers have been told everything: what one look has found, as the next one sees it. */
export class Progress {
  private before: { readonly now: number; readonly heads: readonly Head[] } | null = null;

  /** The time of the look before, if all that it found has been told meanwhile; else null. */
  next(now: number, heads: readonly Head[], isUntold: (head: Head) => boolean): number | null {
    const { before } = this;
    this.before = { now, heads };
    return before && !before.heads.some(isUntold) ? before.now : null;
  }
}
