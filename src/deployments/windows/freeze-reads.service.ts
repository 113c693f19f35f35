import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { environmentKey } from '../../kernel/environment-key.js';
import { changeLimits } from '../../kernel/change-limits.js';
import { environmentsOf } from '../../fleet/fleet.queries.js';
import type { Context, OpenContext } from '../../platform/context.js';
import { Database } from '../../platform/database/database.js';
import { presentTime } from '../schedule/schedule.queries.js';
import { frozenWithin } from './freeze-times.js';
import { FreezeEntity } from './freeze.entity.js';
import { freezeView } from './freeze-view.js';
import { isVisible } from './freeze-visible.js';
import { calendarTooLong, freezeNotFound } from './freezes.errors.js';
import type { CalendarQuery, FreezeCalendar, FreezesQuery, FreezeView } from './freezes.dto.js';

const DEFAULT_SPAN_MS = 30 * 86_400_000;

/** There are few freezes, so all of them are read, and what recurs is worked out here, some at a time. */
@Injectable()
export class FreezeReads {
  constructor(private readonly database: Database) {}

  /** Oldest first: there are few. */
  async list(ctx: Context, { at, ...place }: FreezesQuery): Promise<{ items: FreezeView[] }> {
    const { found, now } = await this.found(ctx, place);
    const moment = at === undefined ? now : Date.parse(at);
    const items: FreezeView[] = [];
    for (const freeze of found) {
      items.push(freezeView(freeze, moment));
      // Others are served in between.
      await setImmediate();
    }
    return { items: at === undefined ? items : items.filter(({ current }) => current !== null) };
  }

  /** Throws `freeze-not-found`. */
  get(ctx: Context, id: string): Promise<FreezeView> {
    return this.database.transaction(ctx, async (open) => {
      const { tenantId } = open;
      const freeze = await open.tx.repository(FreezeEntity).findOneBy({ tenantId, id });
      if (!freeze || !isVisible(ctx, freeze)) throw freezeNotFound();
      return freezeView(freeze, await presentTime(open));
    });
  }

  /** By their beginning. Throws `calendar-too-long`. */
  async calendar(ctx: Context, { from, to, ...place }: CalendarQuery): Promise<FreezeCalendar> {
    const { found, now } = await this.found(ctx, place);
    const first = from === undefined ? now : Date.parse(from);
    const last = to === undefined ? first + DEFAULT_SPAN_MS : Date.parse(to);
    if (last <= first || last - first > changeLimits.calendarMs) throw calendarTooLong();
    const items: FreezeCalendar['items'] = [];
    for (const freeze of found) {
      const { id: freezeId, name, environments, modules, verbs } = freeze;
      for (const window of frozenWithin(freeze, first, last)) {
        items.push({
          freezeId,
          name,
          from: new Date(window.from).toISOString(),
          to: new Date(window.to).toISOString(),
          environments,
          modules,
          verbs,
        });
      }
      if (items.length > changeLimits.calendarWindows) throw calendarTooLong();
      await setImmediate();
    }
    return { items: items.sort((one, other) => (one.from < other.from ? -1 : 1)) };
  }

  private found(ctx: Context, place: Place): Promise<{ found: FreezeEntity[]; now: number }> {
    return this.database.transaction(ctx, async (open) => {
      const rows = await open.tx.repository(FreezeEntity).find({
        where: { tenantId: open.tenantId },
        order: { id: 'asc' },
      });
      const counts = await placeFilter(open, place);
      return {
        found: rows.filter((freeze) => isVisible(ctx, freeze) && counts(freeze)),
        now: await presentTime(open),
      };
    });
  }
}

interface Place {
  readonly environment?: string | undefined;
  readonly module?: string | undefined;
}

/** Those that count there; labels are those that the environment has now. */
async function placeFilter(open: OpenContext, { environment, module }: Place) {
  const key = environment === undefined ? undefined : environmentKey(environment);
  const rows = key === undefined ? [] : await environmentsOf(open);
  const labels = rows.find(({ name }) => environmentKey(name) === key)?.labels ?? {};
  return (freeze: FreezeEntity): boolean => {
    const { environmentKeys, modules } = freeze;
    if (module !== undefined && modules.length > 0 && !modules.includes(module)) return false;
    if (key === undefined) return true;
    if (environmentKeys.length > 0 && !environmentKeys.includes(key)) return false;
    return Object.entries(freeze.labels).every(([name, value]) => labels[name] === value);
  };
}
