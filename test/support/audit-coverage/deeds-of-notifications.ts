/** Channels and who is told what. */
import { type Deed, newName, personOf, type Stage } from './deed.js';

const v1 = (route: string) => route.replace(' ', ' /api/v1/');
const channel = () => ({ name: newName('channel'), kind: 'console' });
const webhook = () => ({
  name: newName('channel'),
  kind: 'webhook',
  params: { url: 'https://hooks.example.com/tidegate' },
});
const newChannel = async ({ tenant }: Stage, body: object = channel()) =>
  (await tenant.make('POST', '/channels', body)).id as string;

/** Of parameters an entry says where they lead. */
const seen = (view: Record<string, unknown>) => {
  const { name, kind, place, isEnabled, disabledWhy } = view;
  return { name, kind, place, isEnabled, disabledWhy };
};

const rules = ({ tenant: { values } }: Stage) => ({
  events: ['deployments'],
  modules: [values['module']],
});
const newSubscription = async (stage: Stage) =>
  (await stage.tenant.make('POST', '/subscriptions', rules(stage))).id as string;

export const deedsOfNotifications: readonly Deed[] = [
  {
    route: v1('POST channels'),
    actions: ['channel-created'],
    ask: () => ({ body: channel(), seen }),
  },
  {
    route: v1('PUT channels/{id}'),
    actions: ['channel-changed'],
    ask: async (stage) => ({ path: { id: await newChannel(stage) }, body: channel(), seen }),
  },
  {
    route: v1('DELETE channels/{id}'),
    actions: ['channel-deleted'],
    ask: async (stage) => ({ path: { id: await newChannel(stage) }, seen }),
  },
  {
    route: v1('POST channels/{id}/disable'),
    actions: ['channel-disabled'],
    ask: async (stage) => {
      const id = await newChannel(stage);
      return { path: { id }, view: `channels/${id}`, seen };
    },
  },
  {
    route: v1('POST channels/{id}/enable'),
    actions: ['channel-enabled'],
    ask: async (stage) => {
      const id = await newChannel(stage);
      await stage.tenant.make('POST', `/channels/${id}/disable`);
      return { path: { id }, view: `channels/${id}`, seen };
    },
  },
  {
    route: v1('POST channels/{id}/test'),
    actions: ['channel-tested'],
    ask: async (stage) => ({ path: { id: await newChannel(stage) }, view: null }),
  },
  {
    route: v1('POST channels/{id}/rotate-secret'),
    actions: ['channel-secret-rotated'],
    ask: async (stage) => ({
      path: { id: await newChannel(stage, webhook()) },
      body: { overlapMinutes: 10 },
      view: null,
    }),
  },
  {
    route: v1('POST deliveries/{id}/redeliver'),
    actions: ['delivery-redelivered'],
    ask: ({ tenant }) => ({ path: { id: tenant.values['delivery']! }, view: null }),
  },
  {
    route: v1('POST subscriptions'),
    actions: ['subscription-created'],
    ask: (stage) => ({ body: rules(stage) }),
  },
  {
    route: v1('PUT subscriptions/{id}'),
    actions: ['subscription-changed'],
    ask: async (stage) => ({
      path: { id: await newSubscription(stage) },
      body: { events: ['approval-requested'], modules: null, environments: null, channelId: null },
    }),
  },
  {
    route: v1('DELETE subscriptions/{id}'),
    actions: ['subscription-deleted'],
    ask: async (stage) => ({ path: { id: await newSubscription(stage) } }),
  },
  {
    route: v1('PUT subscriptions/own-notices'),
    actions: ['own-notices-changed'],
    ask: ({ tenant }) => ({
      body: { approvals: true, outcomes: false, alarms: false },
      subjectId: personOf(tenant.token),
    }),
  },
];
