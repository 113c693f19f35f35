/** Where the audit log goes by itself. */
import { type Deed, newName, type Stage } from './deed.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/audit-logs/');
const stream = () => ({
  name: newName('stream'),
  url: 'https://logs.example.com/tidegate',
  format: 'ocsf',
});
const newStream = async ({ tenant }: Stage) => {
  // There are five at most, and each deed makes one.
  const { items } = await tenant.make('GET', '/audit-logs/streams');
  for (const { id } of items) await tenant.make('DELETE', `/audit-logs/streams/${id}`);
  return (await tenant.make('POST', '/audit-logs/streams', stream())).id as string;
};

/** Of the address an entry says where it leads. */
const seen = (view: Record<string, unknown>) => {
  const { name, format, categories, isPaused, url } = view;
  return { name, format, categories, isPaused, place: new URL(String(url)).origin };
};

export const deedsOfStreams: readonly Deed[] = [
  {
    route: v1('POST streams'),
    actions: ['audit-stream-created'],
    ask: () => ({ body: stream(), seen }),
  },
  {
    route: v1('PUT streams/{id}'),
    actions: ['audit-stream-changed'],
    ask: async (stage) => ({
      path: { id: await newStream(stage) },
      body: { name: newName('stream'), url: 'https://other.example.com/', categories: ['access'] },
      seen,
    }),
  },
  {
    route: v1('POST streams/{id}/pause'),
    actions: ['audit-stream-paused'],
    ask: async (stage) => {
      const id = await newStream(stage);
      return { path: { id }, view: `audit-logs/streams/${id}`, seen };
    },
  },
  {
    route: v1('POST streams/{id}/resume'),
    actions: ['audit-stream-resumed'],
    ask: async (stage) => {
      const id = await newStream(stage);
      await stage.tenant.make('POST', `/audit-logs/streams/${id}/pause`);
      return { path: { id }, view: `audit-logs/streams/${id}`, seen };
    },
  },
  {
    route: v1('POST streams/{id}/rotate-secret'),
    actions: ['audit-stream-secret-rotated'],
    ask: async (stage) => ({
      path: { id: await newStream(stage) },
      body: { overlapMinutes: 10 },
      view: null,
    }),
  },
  {
    route: v1('DELETE streams/{id}'),
    actions: ['audit-stream-deleted'],
    ask: async (stage) => ({ path: { id: await newStream(stage) }, seen }),
  },
];
