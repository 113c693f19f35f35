/** The whole API and the sender beside it, with receivers on this machine that the operator has opened. */
import type { Message } from '../../src/drivers/channels/message.js';
import {
  Deliveries,
  type NewDelivery,
} from '../../src/edges/notifications/deliveries/deliveries.js';
import { DeliveriesModule } from '../../src/edges/notifications/deliveries/deliveries.module.js';
import { DeliverySenderModule } from '../../src/edges/notifications/deliveries/delivery-sender.module.js';
import { newId } from '../../src/kernel/ids.js';
import type { Role } from '../../src/kernel/permission.js';
import type { OpenContext } from '../../src/platform/context.js';
import type { Logger } from '../../src/platform/logging/logger.js';
import { Signal } from '../../src/platform/signal/signal.js';
import { Topic } from '../../src/platform/signal/topics.js';
import type { Answer } from './client.js';
import { withClient } from './database.js';
import { WholeApp } from './whole-app.js';

export class NotificationsRig {
  private constructor(readonly whole: WholeApp) {}

  static async start(options: { readonly logger?: Logger } = {}): Promise<NotificationsRig> {
    const environment = { TIDEGATE_OUTBOUND_ALLOW: '127.0.0.1' };
    const modules = [DeliveriesModule, DeliverySenderModule];
    return new NotificationsRig(await WholeApp.start({ environment, modules, ...options }));
  }

  /** A tenant with its Admin. */
  async tenant(slug = `t-${newId()}`) {
    const id = await this.whole.tenant(slug);
    const as = async (role: Role) => {
      const { token } = await this.whole.member(id, role);
      return (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
        this.send(token, { method, path, body, headers });
    };
    const admin = await as('Admin');
    const made = async (body: object): Promise<Answer['body']> => {
      const answer = await admin('POST', '/channels', { name: `c-${newId()}`, ...body });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return answer.body;
    };
    const webhook = (url: string, secrets: object = {}) =>
      made({ kind: 'webhook', params: { url }, secrets });
    const inTenant = <T>(work: (open: OpenContext) => Promise<T>) => this.whole.inTenant(id, work);
    const enqueue = (delivery: Partial<NewDelivery> & { readonly channelId: string }) =>
      inTenant((open) =>
        this.whole.get(Deliveries).enqueue(open, { ...newDelivery(slug), ...delivery }),
      );
    const delivery = async (deliveryId: string) =>
      (await admin('GET', `/deliveries/${deliveryId}`)).body;
    return { id, slug, as, admin, made, webhook, inTenant, enqueue, delivery };
  }

  /** As the database's superuser, past every policy. */
  async sql<Row extends object>(text: string, parameters: unknown[] = []): Promise<Row[]> {
    return withClient(this.whole.database.superuser, async (client) => {
      const { rows } = await client.query<Row>(text, parameters);
      return rows;
    });
  }

  /** What waits for its time is due now. */
  async hurry(): Promise<void> {
    await this.sql('update delivery_lanes set due_at = now() where due_at > now()');
    this.whole.get(Signal).publish(Topic.Delivery, newId());
  }

  close(): Promise<void> {
    return this.whole.close();
  }

  private async send(
    token: string,
    asked: {
      readonly method: string;
      readonly path: string;
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
    },
  ): Promise<Answer> {
    const { method, path, body, headers } = asked;
    const json: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' };
    const answer = await fetch(`${this.whole.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }
}

function newDelivery(tenant: string) {
  const event = newId();
  return { subscriptionId: null, event, message: someMessage({}, tenant) };
}

/** About nothing in particular. */
export function someMessage(more: Partial<Message> = {}, tenant = 'acme'): Message {
  return {
    title: 'orders 2.1.0 has failed in Production',
    text: 'The gate of wave 1 was unstable.\nIt is rolled back.',
    html: null,
    link: 'https://tidegate.example/deployments/1',
    fields: [{ name: 'Module', value: 'orders' }],
    event: {
      name: 'deployment-failed',
      id: newId(),
      at: '2026-05-04T09:12:33.000Z',
      tenant,
      subject: { kind: 'deployment', id: newId() },
      body: { module: 'orders', version: '2.1.0' },
    },
    ...more,
  };
}
