import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { hotSetting, isAtMost } from '../settings/hot-setting.js';

export const streamsPerCaller = hotSetting({
  key: 'downloads.streams-per-caller',
  schema: z.int().min(1).max(limits.streamsPerProcess),
  default: limits.streamsPerCaller,
  example: 8,
  doc: 'Downloads that one person, node or address may have open in one process at once: each holds a file and a connection.',
  scopes: ['platform'],
  weakens: (value, before) => !isAtMost(value, before),
});
