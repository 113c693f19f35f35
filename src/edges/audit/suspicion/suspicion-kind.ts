import type { Clock } from '../../../kernel/clock.js';
import type { OpenContext } from '../../../platform/context.js';
import type { Events } from '../../../platform/events/events.js';
import type { HotSetting } from '../../../platform/settings/hot-setting.js';
import type { Settings } from '../../../platform/settings/settings.js';

/** Something that was noticed about an account, a network, a key, a caller. */
export interface Signal {
  readonly who: string;
  /** From where; nothing where that is no matter. */
  readonly place?: string;
  readonly times?: number;
}

/** Where a kind says what it has noticed, in the transaction in which it happens. */
type Notice = (open: OpenContext, signal: Signal) => Promise<void>;

interface Eyes {
  readonly events: Events;
  readonly settings: Settings;
  readonly clock: Clock;
}

export interface SuspicionKind {
  readonly kind: string;
  readonly windowMs: number;
  /** How often, or from how many places, within the window. */
  readonly measure: 'times' | 'places';
  /** Fewer are none. Null: each one is. */
  readonly threshold: HotSetting<number> | null;
  /** Listens to what happens, and notices what is of its kind. */
  readonly watch: (eyes: Eyes, notice: Notice) => void;
}
