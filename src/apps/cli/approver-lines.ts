import { answer, TidegateError, type Deployment, type Tidegate } from '#sdk';
import { printable } from './display/printable.js';
import type { Style } from './display/style.js';
import { wrapped } from './display/wrapped.js';

/** Who could end the waiting for an approval. Asked again only when what is missing has changed. */
export class ApproverLines {
  private about = '';
  private lines: readonly string[] = [];

  constructor(private readonly tidegate: Tidegate) {}

  /** None unless it waits for an approval; new ones are another list than those before. */
  async of(
    { id, status, subjectDigest, waitingOn }: Deployment,
    style: Style,
  ): Promise<readonly string[]> {
    if (status !== 'PendingApproval') return [];
    const about = `${style.columns} ${subjectDigest} ${waitingOn?.detail ?? ''}`;
    if (about !== this.about) {
      this.lines = (await this.read(id)).flatMap((line) => wrapped(printable(line), style.columns));
      this.about = about;
    }
    return this.lines;
  }

  private async read(deploymentId: string): Promise<string[]> {
    const params = { path: { deploymentId } };
    try {
      const { rules } = await answer(
        this.tidegate.api.GET('/api/v1/approvals/deployments/{deploymentId}/subject', { params }),
      );
      return [
        ...rules.flatMap(({ isMet, kind, name, possible, morePossible }) => {
          if (isMet || kind === 'external') return [];
          const more = morePossible > 0 ? ` and ${morePossible} more` : '';
          const who =
            possible.length > 0 ? `${possible.join(', ')}${more}` : 'nobody, as it is now';
          return [`  "${name}" could be approved by ${who}`];
        }),
        `  they decide with: tidegate approvals approve ${deploymentId}`,
      ];
    } catch (error) {
      // A pipeline's key may not read approvals: what is waited for is said without.
      if (error instanceof TidegateError && error.status < 500) return [];
      throw error;
    }
  }
}
