import type { DeploymentSummary } from '../api/deployments.ts';
import { Ago } from './time.tsx';

interface Props {
  readonly waiting: NonNullable<DeploymentSummary['waitingOn']>;
  /** Its figures stand beside it: of the sentence what comes before them. */
  readonly isBrief: boolean;
}

/** What it waits for, and until when at most. */
export function WaitingOn({ waiting, isBrief }: Props) {
  const detail = isBrief ? waiting.detail.split(/[:,;]/)[0] : waiting.detail;
  return (
    <p className="text-[13px] text-quiet">
      <span className="inline-block first-letter:uppercase">{detail}</span>
      {waiting.until ? (
        <>
          {' · '}
          decided <Ago at={waiting.until} />
        </>
      ) : null}
    </p>
  );
}
