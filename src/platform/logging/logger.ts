import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import pretty from 'pino-pretty';
import { currentLogScope } from './log-scope.js';
import { cleanFields, cleanText } from './redact.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: readable lines in a terminal, JSON everywhere else. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Where lines go; standard output unless told. */
  readonly destination?: DestinationStream;
}

/**
 * The only door to the log. Every line is one JSON object with the request's id and tenant in it;
 * fields pass redact.ts first. `error` means that a person must act.
 */
export class Logger {
  private constructor(
    private readonly pino: Pino,
    private readonly bindings: Record<string, unknown> = {},
  ) {}

  static create(options: LoggerOptions): Logger {
    const settings = { level: options.level, base: undefined, messageKey: 'message' };
    return new Logger(
      pino(
        { ...settings, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: labelled } },
        destinationOf(options),
      ),
    );
  }

  /** A logger that prints nothing: for tests, and for tools that print by themselves. */
  static silent(): Logger {
    return new Logger(pino({ level: 'silent' }));
  }

  /** A logger whose lines all carry the fields: `logger.child({ part: 'engine' })`. */
  child(fields: object): Logger {
    return new Logger(this.pino, { ...this.bindings, ...cleanFields(fields) });
  }

  fatal(fields: object, message: string): void {
    this.write('fatal', fields, message);
  }

  error(fields: object, message: string): void {
    this.write('error', fields, message);
  }

  warn(fields: object, message: string): void {
    this.write('warn', fields, message);
  }

  info(fields: object, message: string): void {
    this.write('info', fields, message);
  }

  debug(fields: object, message: string): void {
    this.write('debug', fields, message);
  }

  private write(level: Exclude<LogLevel, 'silent'>, fields: object, message: string): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const named = fields instanceof Error ? { error: fields } : fields;
    const all = { ...cleanFields(currentLogScope()), ...this.bindings, ...cleanFields(named) };
    this.pino[level](all, cleanText(message));
  }
}

function labelled(label: string): { level: string } {
  return { level: label };
}

function destinationOf(options: LoggerOptions): DestinationStream {
  const readable =
    options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true);
  if (readable) {
    return pretty({
      colorize: process.stdout.isTTY === true,
      messageKey: 'message',
      translateTime: 'HH:MM:ss.l',
      ...(options.destination ? { destination: options.destination } : { sync: true }),
    });
  }
  return options.destination ?? pino.destination({ fd: 1, sync: true });
}
