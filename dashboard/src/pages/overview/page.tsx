import { useQuery } from '@tanstack/react-query';
import { deploymentsQuery } from '../../api/deployments.ts';
import { useHolds } from '../../api/session.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { FirstSteps } from './first-steps.tsx';
import { InFlight } from './in-flight.tsx';
import { NeedsPerson } from './needs-person.tsx';
import { WentWrong } from './went-wrong.tsx';

/** What is under way, what waits for somebody, what went wrong last. */
export default function Overview() {
  const newest = useQuery({ ...deploymentsQuery({}, undefined, 100), ...useAskingAgain() });
  const decides = useHolds('approvals:read');
  return (
    <>
      <Heading title="Overview" />
      <Loaded query={newest} what="The deployments">
        {({ items }) =>
          items.length === 0 ? (
            <FirstSteps />
          ) : (
            <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
              <InFlight newest={items} />
              <div className="space-y-5">
                {decides ? <NeedsPerson newest={items} /> : null}
                <WentWrong newest={items} />
              </div>
            </div>
          )
        }
      </Loaded>
    </>
  );
}
