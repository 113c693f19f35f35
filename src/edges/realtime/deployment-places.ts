import { type Place, placesOf } from '../../deployments/deployments.queries.js';
import type { OpenContext } from '../../platform/context.js';

/** So many are remembered; the oldest are asked for again. */
const KEPT = 10_000;

/** Of what module and environment the deployments of a tenant are, for those who may not see all. */
export class DeploymentPlaces {
  private readonly known = new Map<string, Place>();

  of(id: string): Place | undefined {
    return this.known.get(id);
  }

  /** Asks for those that are not known yet, in one statement. */
  async learn(open: OpenContext, ids: readonly string[]): Promise<void> {
    const news = ids.filter((id) => !this.known.has(id));
    if (news.length === 0) return;
    for (const place of await placesOf(open, news)) this.known.set(place.id, place);
    for (const id of this.known.keys()) {
      if (this.known.size <= KEPT) break;
      this.known.delete(id);
    }
  }
}
