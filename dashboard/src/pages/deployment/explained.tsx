import { useQuery } from '@tanstack/react-query';
import { type Deployment, explainQuery } from '../../api/deployments.ts';
import { Loaded } from '../../ui/loading.tsx';

/** Why it is where it is, in the API's own words. */
export function Explained({ deployment }: { deployment: Deployment }) {
  const explained = useQuery(explainQuery(deployment.id));
  return (
    <Loaded query={explained} what="Why it is where it is">
      {({ summary, warnings }) => (
        <div className="text-[14px]">
          <p>{summary}</p>
          {warnings?.map((warning) => (
            <p key={warning} className="mt-2 rounded-md bg-warn-soft px-3 py-2 text-[13px]">
              {warning}
            </p>
          ))}
        </div>
      )}
    </Loaded>
  );
}
