import { registry } from '../../kernel/registry.js';
import { blueGreen } from './blue-green.strategy.js';
import { canary } from './canary.strategy.js';
import { direct } from './direct.strategy.js';
import { rolling } from './rolling.strategy.js';
import type { Strategy } from './strategy.js';

/** Every strategy that exists. Adding one is its file and its line here. */
export const strategies = registry<Strategy>('strategy', [direct, rolling, blueGreen, canary]);
