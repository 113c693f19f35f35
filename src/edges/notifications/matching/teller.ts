import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Message } from '../../../drivers/channels/message.js';
import { Mailer } from '../../../drivers/channels/mail/mailer.js';
import type { Clock } from '../../../kernel/clock.js';
import { DomainError } from '../../../kernel/errors.js';
import { CLOCK } from '../../../platform/clock.js';
import { Config } from '../../../platform/config/config.js';
import type { OpenContext } from '../../../platform/context.js';
import { Logger } from '../../../platform/logging/logger.js';
import { Metrics } from '../../../platform/metrics/metrics.js';
import { Settings } from '../../../platform/settings/settings.js';
import { tenantSlugOf } from '../../../tenancy/tenants/tenants.queries.js';
import { Deliveries } from '../deliveries/deliveries.js';
import { kindsOf } from '../messages/event-names.js';
import { type Occurrence, placeOf } from '../messages/occurrence.js';
import { plainTextOf, render } from '../messages/render.js';
import { escalationGroup } from '../reminders/reminders.settings.js';
import { scheduleReminders } from '../reminders/schedule-reminders.js';
import { subscriptionsTo } from '../subscriptions/subscriptions.store.js';
import { askedPeople } from './asked-people.js';
import { isMatch } from './match.js';
import { noteTold } from './notices.store.js';
import { type Recipients, recipientsFor } from './recipients.js';
import { isAsking, unasked } from './unasked.js';

/** What the mail server has not taken by then is no news any more. */
const GOOD_MS = 24 * 3_600_000;

/** Puts on its way what is to be told of one event, in one transaction: all of it or nothing. */
@Injectable()
export class Teller {
  private readonly told: Counter<'way' | 'outcome'>;
  private readonly log: Logger;

  constructor(
    private readonly deliveries: Deliveries,
    private readonly mailer: Mailer,
    private readonly settings: Settings,
    private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
    metrics: Metrics,
    logger: Logger,
  ) {
    this.log = logger.child({ part: 'notifications' });
    this.told = metrics.counter({
      name: 'notifications_total',
      help: 'Messages put on their way to a channel or to a person, or left out by a limit',
      labelNames: ['way', 'outcome'],
    });
  }

  /** Told again, it changes nothing. Never refuses an event: who cannot be told is left out. */
  async tell(open: OpenContext, of: Occurrence): Promise<void> {
    const { tenantId } = open;
    const place = placeOf(tenantId, of);
    const asked = isAsking(of.name) ? await askedPeople(open, of) : null;
    if (of.name === 'approval-requested') await scheduleReminders(open, of, this.settings);
    const facts = { asked, escalationGroup: this.settings.valueOf(escalationGroup, place) };
    const matching = await subscriptionsTo(open, [of.name, ...kindsOf(of.name)]);
    const subscriptions = matching.filter((each) => isMatch(each, of));
    const byDefault = this.mailer.isOn ? await unasked(open, of, facts) : [];
    if (subscriptions.length === 0 && byDefault.every(({ people }) => people.length === 0)) return;
    const wanted = { subscriptions, unasked: byDefault, asked };
    await this.send(open, of, await recipientsFor(open, of, wanted));
  }

  private async send(open: OpenContext, of: Occurrence, to: Recipients): Promise<void> {
    if (to.channels.length === 0 && to.people.length === 0) return;
    open.tx.commitsAs('told');
    const tenant = await tenantSlugOf(open);
    const message = render(of, { tenant, publicUrl: this.config.publicUrl });
    for (const { id: subscriptionId, channelId } of to.channels) {
      const delivery = { channelId: channelId!, subscriptionId, event: of.id, message };
      const isNew = (await this.deliveries.enqueue(open, delivery)) !== null;
      if (isNew) this.count(open, 'channel', 'sent');
    }
    if (!this.mailer.isOn) return;
    for (const { id, email } of to.people) {
      if (await noteTold(open, of.id, id)) await this.mail(open, email, message);
    }
  }

  private async mail(open: OpenContext, to: string, message: Message): Promise<void> {
    const goodUntil = new Date(this.clock.now() + GOOD_MS);
    const { title: subject, html } = message;
    const text = plainTextOf(message);
    try {
      await this.mailer.send(open, {
        kind: 'notification',
        to,
        goodUntil,
        subject,
        text,
        html: html ?? '',
      });
      this.count(open, 'mail', 'sent');
    } catch (error) {
      // A limit, or an address that is none: nobody else is to wait for it.
      if (!(error instanceof DomainError)) throw error;
      const { tenantId } = open;
      this.log.warn(
        { tenantId, event: message.event.id, reason: error.code },
        'a person is not told',
      );
      this.count(open, 'mail', 'left-out');
    }
  }

  private count(open: OpenContext, way: 'channel' | 'mail', outcome: 'sent' | 'left-out'): void {
    open.tx.afterCommit(() => this.told.inc({ way, outcome }));
  }
}
