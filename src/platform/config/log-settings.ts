import { LOG_FORMATS, LOG_LEVELS } from '../../kernel/log-form.js';
import { oneOf, setting } from './setting.js';

/** What a process says of itself, and how. */
export const logSettings = {
  logLevel: setting({
    env: 'TIDEGATE_LOG_LEVEL',
    group: 'Log',
    description:
      '`info` tells the story, `warn` what deserves a look, `error` where a person must act.',
    default: 'info',
    example: 'debug',
    schema: oneOf(LOG_LEVELS),
  }),
  logFormat: setting({
    env: 'TIDEGATE_LOG_FORMAT',
    group: 'Log',
    description: '`auto` prints readable lines in a terminal and JSON everywhere else.',
    default: 'auto',
    example: 'json',
    schema: oneOf(LOG_FORMATS),
  }),
  accessLog: setting({
    env: 'TIDEGATE_ACCESS_LOG',
    group: 'Log',
    description:
      'A line for each request of somebody known; nodes ask several times a minute each.',
    default: 'all',
    example: 'without-nodes',
    schema: oneOf(['all', 'without-nodes', 'off']),
  }),
};
