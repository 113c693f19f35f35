/**
 * How a line of a log looks, whichever program writes it: one JSON object with `level` as a word, `time` in
 * UTC and the text as `message`; readable lines in a terminal. The control plane and the agents print alike,
 * so that one query finds both.
 */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `auto`: readable lines in a terminal, JSON everywhere else. */
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

const MESSAGE_KEY = 'message';

/** What pino is told. */
export const logLine = {
  base: undefined,
  messageKey: MESSAGE_KEY,
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label: string) => ({ level: label }) },
};

/** What pino-pretty is told. */
export const readableLine = { messageKey: MESSAGE_KEY, translateTime: 'HH:MM:ss.l' };

/** Of lines that cannot be written: they are when there is room again. What comes beyond is dropped. */
export const KEPT_LINES_BYTES = 1024 * 1024;

export function isReadable(format: LogFormat, stream: { readonly isTTY?: boolean }): boolean {
  return format === 'pretty' || (format === 'auto' && stream.isTTY === true);
}
