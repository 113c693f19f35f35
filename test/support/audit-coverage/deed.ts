/** What somebody does over HTTP, and what the audit log has to say of it. */
import { expect } from '@jest/globals';
import { decodeJwt } from 'jose';
import { changeOf } from '../../../src/platform/events/changing.js';
import { ask, type Answered, type Inhabitant } from '../../isolation/inhabitant.js';
import { withClient } from '../database.js';
import type { DeployingTenant } from '../deployments-app.js';
import type { PendingApprovals } from '../pending-approvals.js';
import type { Member } from '../whole-app.js';
import { eventsByCategory } from './categories.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at, not typed
export type Json = any;

export interface Stage {
  readonly rig: PendingApprovals;
  /** Has one of everything. */
  readonly tenant: Inhabitant;
  /** Has something to deploy, and an Admin. */
  readonly deploying: DeployingTenant;
  readonly ada: Member;
  readonly operator: Member;
}

export interface Asking {
  /** Of the path. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null: nobody is signed in, and the entry names whom `actorId` says. */
  readonly as?: { readonly token: string | null; readonly actorId?: Json };
  /** In whose log; the default is that of who asks. */
  readonly tenantId?: string;
  readonly subjectId?: string | ((answer: Json) => string);
  /** Where GET shows it; null: nowhere. The default: at the path, or of what is new under its id. */
  readonly view?: string | ((answer: Json) => string) | null;
  /** What of the view an entry has, as the entry has it. */
  readonly seen?: (view: Json) => object | undefined;
}

export interface Deed {
  readonly route: string;
  /** Of its entries, in their order. */
  readonly actions: readonly string[];
  readonly ask: (stage: Stage) => Asking | Promise<Asking>;
}

interface Entry {
  readonly tenantId: string;
  readonly category: string;
  readonly action: string;
  readonly actorId: string | null;
  readonly actorKind: string | null;
  readonly subjectId: string;
  readonly sourceAddress: string | null;
  readonly details: Json;
}

export async function perform(stage: Stage, deed: Deed): Promise<void> {
  const asking = await deed.ask(stage);
  const [method = '', template = ''] = deed.route.split(' ');
  const path = Object.entries(asking.path ?? {}).reduce(
    (whole, [name, value]) => whole.replace(`{${name}}`, encodeURIComponent(value)),
    template,
  );
  const isNew = method === 'POST' && !/\}\/[\w-]+$/.test(template) && asking.view === undefined;
  const token = asking.as ? asking.as.token : stage.tenant.token;
  const { url } = stage.rig.app.whole;
  const look = (at: string) =>
    ask(url, token, { method: 'GET', path: at.startsWith('/') ? at : `/api/v1/${at}` });
  const viewAt = typeof asking.view === 'string' ? asking.view : path;
  const hasView = asking.view !== null && (asking.view !== undefined || hasPage(method, template));
  const before = hasView && !isNew && typeof asking.view !== 'function' ? await look(viewAt) : null;
  const tag = method === 'PUT' ? (await look(path)).headers.get('etag') : null;
  const answer = await ask(url, token, {
    method,
    path: `${path}${asking.query ?? ''}`,
    ...(asking.body === undefined ? {} : { body: asking.body }),
    headers: { ...(tag ? { 'if-match': tag } : {}), ...asking.headers },
  });
  expect(`${deed.route} ${answer.status < 300 ? 'done' : `${answer.status} ${answer.text}`}`).toBe(
    `${deed.route} done`,
  );
  const entries = await entriesOf(stage, answer);
  expect(entries.map(({ action }) => action)).toEqual(deed.actions);
  const isPersons = token !== null && token.split('.').length === 3;
  const owner = isPersons ? decodeJwt<{ tid: string }>(token) : null;
  for (const entry of entries) {
    expect(entry).toMatchObject({
      tenantId:
        asking.tenantId === OF_THE_ANSWER ? answer.body.id : (asking.tenantId ?? owner?.tid),
      actorId: asking.as?.actorId ?? owner?.sub,
      category: categoryOf(entry.action),
      sourceAddress: expect.stringMatching(/^10\./),
    });
  }
  const subject = subjectOf(asking, answer);
  expect(entries.at(-1)!.subjectId).toBe(subject);
  if (!hasView) return;
  const at = typeof asking.view === 'function' ? asking.view(answer.body) : viewAt;
  const after = await look(isNew ? `${path}/${answer.body.id}` : at);
  const { seen = (view: Json) => view } = asking;
  const told = (view: Answered | null) =>
    view === null || view.status === 404 ? null : (seen(view.body) ?? null);
  const { details } = entries[0]!;
  expect({ before: details.before, after: details.after }).toEqual(
    changeOf(told(before), told(after)),
  );
}

/** Of a thing with a page of its own; verbs have that of their thing. */
const hasPage = (method: string, template: string) =>
  method !== 'POST' || !/\}\/[\w-]+$/.test(template);

function categoryOf(action: string): string | undefined {
  return Object.entries(eventsByCategory).find(([, actions]) => actions.includes(action))?.[0];
}

function entriesOf({ rig }: Stage, { headers }: Answered): Promise<Entry[]> {
  return withClient(rig.app.whole.database.superuser, async (client) => {
    const { rows } = await client.query<Entry>(
      `select tenant_id as "tenantId", category, action, actor_id as "actorId", actor_kind as "actorKind",
         subject_id as "subjectId", source_address as "sourceAddress", body_text::json as details
       from audit_entries where request_id = $1 order by id`,
      [headers.get('x-request-id')],
    );
    return rows;
  });
}

let named = 0;
export const newName = (of: string) => `${of}-${(named += 1)}`;

/** `of the answer`: it is the id of what was made, and not that of the path. */
function subjectOf({ subjectId, path }: Asking, { body }: Answered): string {
  if (typeof subjectId === 'function') return subjectId(body);
  if (subjectId !== undefined && subjectId !== OF_THE_ANSWER) return subjectId;
  return subjectId === undefined && path?.['id'] !== undefined ? path['id'] : body.id;
}

export const OF_THE_ANSWER = 'of the answer';

export const personOf = (token: string) => decodeJwt(token).sub!;
