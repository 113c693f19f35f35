/** What a directory does over SCIM, and what is done beside it. */
import { ask } from '../../isolation/inhabitant.js';
import { GROUP_SCHEMA, PATCH_OP, USER_SCHEMA } from '../scim-rig.js';
import { type Asking, type Deed, type Json, newName, type Stage } from './deed.js';

interface Connected {
  readonly id: string;
  readonly secret: string;
}

/** A tenant has one directory at a time: this one, from the first of these deeds on. */
let connected: Promise<Connected> | undefined;
const directory = ({ tenant }: Stage) =>
  (connected ??= (async () => {
    const { items } = await tenant.make('GET', '/directory-tokens');
    for (const { id } of items) await tenant.make('DELETE', `/directory-tokens/${id}`);
    return (await tenant.make('POST', '/directory-tokens', { name: 'directory' })) as Connected;
  })());

async function by(stage: Stage): Promise<Pick<Asking, 'as' | 'tenantId' | 'view'>> {
  const { secret, id } = await directory(stage);
  return { as: { token: secret, actorId: id }, tenantId: stage.tenant.id, view: null };
}

async function made(stage: Stage, noun: string, body: object): Promise<string> {
  const { secret } = await directory(stage);
  const asked = { method: 'POST', path: `/scim/v2/${noun}`, body };
  const answer = await ask(stage.rig.app.whole.url, secret, asked);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id as string;
}

const user = () => ({ schemas: [USER_SCHEMA], userName: newName('person'), displayName: 'Ada' });
const group = () => ({ schemas: [GROUP_SCHEMA], displayName: newName('group') });
const patch = (path: string, value: unknown) => ({
  schemas: [PATCH_OP],
  Operations: [{ op: 'replace', path, value }],
});

interface Noun {
  readonly name: 'Users' | 'Groups';
  readonly actions: readonly [string, string, string, string];
  readonly body: () => object;
  readonly patch: () => object;
  readonly seen: (view: Json) => object;
}

const nouns: readonly Noun[] = [
  {
    name: 'Users',
    actions: [
      'directory-user-added',
      'directory-user-changed',
      'directory-user-changed',
      'directory-user-deleted',
    ],
    body: user,
    patch: () => patch('displayName', 'Grace'),
    seen: ({ userName, externalId, displayName, name, emails, active }) => ({
      userName,
      externalId: externalId ?? null,
      displayName: displayName ?? null,
      givenName: name?.givenName ?? null,
      familyName: name?.familyName ?? null,
      formattedName: name?.formatted ?? null,
      emails: emails ?? [],
      isActive: active,
    }),
  },
  {
    name: 'Groups',
    actions: [
      'directory-group-added',
      'directory-group-renamed',
      'directory-group-changed',
      'directory-group-deleted',
    ],
    body: group,
    patch: () => patch('externalId', newName('external')),
    seen: ({ displayName, externalId }) => ({ name: displayName, externalId: externalId ?? null }),
  },
];

export const deedsOfDirectories: readonly Deed[] = [
  ...nouns.flatMap(({ name, actions, body, patch: patched, seen }): Deed[] => {
    const at = async (stage: Stage): Promise<Asking> => {
      const id = await made(stage, name, body());
      return { ...(await by(stage)), path: { id }, view: `/scim/v2/${name}/${id}`, seen };
    };
    return [
      {
        route: `POST /scim/v2/${name}`,
        actions: [actions[0]],
        ask: async (stage) => ({
          ...(await by(stage)),
          body: body(),
          view: (answer) => `/scim/v2/${name}/${answer.id}`,
          seen,
        }),
      },
      {
        route: `PUT /scim/v2/${name}/{id}`,
        actions: [actions[1]],
        ask: async (stage) => ({ ...(await at(stage)), body: body() }),
      },
      {
        route: `PATCH /scim/v2/${name}/{id}`,
        actions: [actions[2]],
        ask: async (stage) => ({ ...(await at(stage)), body: patched() }),
      },
      { route: `DELETE /scim/v2/${name}/{id}`, actions: [actions[3]], ask: at },
    ];
  }),
  {
    route: 'POST /api/v1/directory-users/{id}/invite',
    actions: ['directory-user-invited'],
    ask: async (stage) => {
      const emails = [{ value: `${newName('person')}@example.org`, primary: true }];
      return { path: { id: await made(stage, 'Users', { ...user(), emails }) }, view: null };
    },
  },
];
