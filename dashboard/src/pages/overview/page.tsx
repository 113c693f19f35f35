import { useQuery } from '@tanstack/react-query';
import { deploymentsQuery, IN_FLIGHT, WENT_WRONG } from '../../api/deployments.ts';
import { useAskingAgain } from '../../live/use-live.ts';
import { Heading } from '../../ui/heading.tsx';
import { Loaded } from '../../ui/loading.tsx';
import { FirstSteps } from './first-steps.tsx';
import { InFlight, SHOWN } from './in-flight.tsx';
import { NeedsPerson } from './needs-person.tsx';
import { WentWrong } from './went-wrong.tsx';

/** What is under way, what waits for somebody, what went wrong last. */
export default function Overview() {
  const asking = useAskingAgain();
  const newest = useQuery({ ...deploymentsQuery({}, undefined, 1), ...asking });
  return (
    <>
      <Heading title="Overview" />
      <Loaded query={newest} what="The deployments">
        {({ items }) => (items.length === 0 ? <FirstSteps /> : <Present />)}
      </Loaded>
    </>
  );
}

function Present() {
  const asking = useAskingAgain();
  const flying = useQuery({
    ...deploymentsQuery({ status: IN_FLIGHT.join() }, undefined, SHOWN),
    ...asking,
  });
  const wrong = useQuery({
    ...deploymentsQuery({ status: WENT_WRONG.join() }, undefined, 5),
    ...asking,
  });
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <InFlight query={flying} />
      <div className="space-y-5">
        <NeedsPerson />
        <WentWrong query={wrong} />
      </div>
    </div>
  );
}
