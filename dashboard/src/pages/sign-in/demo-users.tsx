import { useQuery } from '@tanstack/react-query';
import { ApiProblem, api, bodyOf } from '../../api/client.ts';

/** Of a demo alone; everywhere else there is no such thing, and nothing is shown. */
export function DemoUsers() {
  const users = useQuery({
    queryKey: ['demo-credentials'],
    queryFn: async () => {
      try {
        return (await bodyOf(api.GET('/api/v1/authentication/demo-credentials'))).items;
      } catch (error) {
        if (error instanceof ApiProblem && error.status === 404) return [];
        throw error;
      }
    },
    staleTime: Infinity,
    retry: false,
  });
  if (!users.data?.length) return null;
  return (
    <section className="mt-6 rounded-lg border border-line bg-surface p-4 text-[13px]">
      <h2 className="mb-2 font-semibold">This is a demo</h2>
      <ul className="space-y-1">
        {users.data.map(({ username, password, role }) => (
          <li key={username} className="flex gap-2">
            <code className="font-mono select-all">{username}</code>
            <code className="font-mono text-quiet select-all">{password}</code>
            <span className="ml-auto text-quiet">{role}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
