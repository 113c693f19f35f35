import { z } from 'zod';
import { hotSetting } from '../settings/hot-setting.js';

/** Not `silent`: nobody should be able to do things while the log looks away. */
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

export const logLevel = hotSetting({
  key: 'log.level',
  schema: z.enum(LEVELS).nullable(),
  default: null,
  defaultNote: 'null: what `TIDEGATE_LOG_LEVEL` says, process by process',
  example: 'debug',
  doc: 'What every process writes into its log. `info` tells the story, `debug` each step of it; set it for as long as somebody looks for something, and take it back.',
  scopes: ['platform'],
  weakens: (value) => value === 'fatal',
});
