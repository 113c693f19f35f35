/**
 * Every setting that can be changed while everything runs, so that each process knows all of them, also
 * those of modules that it does not load. A new one is declared by `hotSetting` beside what it configures,
 * and has a line here.
 */
import type { AnyHotSetting } from '../platform/settings/hot-setting.js';
import { logLevel } from '../platform/logging/logging.settings.js';

export const hotSettings: readonly AnyHotSetting[] = [logLevel];
