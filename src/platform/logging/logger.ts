import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { Fold } from '../../kernel/fold.js';
import {
  isReadable,
  KEPT_LINES_BYTES,
  logLine,
  readableLine,
  type LogFormat,
  type LogLevel,
} from '../../kernel/log-form.js';
import { currentLogScope } from './log-scope.js';
import { cleanFields, cleanText } from './redact.js';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where lines go; standard output unless told. */
  readonly destination?: DestinationStream;
}

type Written = Exclude<LogLevel, 'silent'>;

/** Kinds of lines, and texts of lines: ours are some two hundred. */
const KINDS = 1_000;
/** Of a text that has been quiet: a node with many modules starts, a worker mends many rollouts. */
const LINES_AT_ONCE = 50;
const SECOND_MS = 1_000;

/**
 * The only door to the log. Every line is one JSON object with the request's id and tenant in it;
 * fields pass redact.ts first. `error` means that a person must act. No line can flood it: of each
 * text from `info` up fifty come at once, then one a second that says how many were left out.
 */
export class Logger {
  private constructor(
    private readonly pino: Pino,
    private readonly bindings: Record<string, unknown> = {},
    private readonly folds = foldsOfLines(),
  ) {}

  static create(options: LoggerOptions): Logger {
    return new Logger(pino({ ...logLine, level: options.level }, destinationOf(options)));
  }

  /** A logger that prints nothing: for tests, and for tools that print by themselves. */
  static silent(): Logger {
    return new Logger(pino({ level: 'silent' }));
  }

  /** A logger whose lines all carry the fields: `logger.child({ part: 'engine' })`. */
  child(fields: object): Logger {
    return new Logger(this.pino, { ...this.bindings, ...cleanFields(fields) }, this.folds);
  }

  get level(): LogLevel {
    return this.pino.level as LogLevel;
  }

  /** For this logger and all its children, from now on. */
  setLevel(level: LogLevel): void {
    this.pino.level = level;
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

  /**
   * For what strangers can cause as often as they like: one line a second of each kind, then with
   * `folded`, how many more there were. At `debug` each of them is printed.
   */
  folded(level: Written, kind: string, fields: object, message: string): void {
    const tellRest = this.rest(level, fields, message);
    if (this.folds.expected.admits(`${level} ${kind}`, tellRest)) {
      this.print(level, fields, message);
    } else this.print('debug', fields, message);
  }

  /** A line of the access log: each is printed, since those who cause it are known and have limits. */
  record(fields: object, message: string): void {
    this.print('info', fields, message);
  }

  private write(level: Written, fields: object, message: string): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const isFree = level === 'fatal' || level === 'debug' || level === 'trace';
    const admits = (tellRest: (folded: number) => void) =>
      this.folds.texts.admits(`${level} ${message}`, tellRest);
    if (isFree || admits(this.rest(level, fields, message))) this.print(level, fields, message);
  }

  /** The last one of those that were left out stands for them; in its own scope, not the timer's. */
  private rest(level: Written, fields: object, message: string): (folded: number) => void {
    const scope = currentLogScope();
    return (folded) => this.print(level, { ...namedFields(fields), folded }, message, scope);
  }

  private print(level: Written, fields: object, message: string, scope = currentLogScope()): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const named = cleanFields(namedFields(fields));
    this.pino[level]({ ...cleanFields(scope), ...this.bindings, ...named }, cleanText(message));
  }
}

function foldsOfLines() {
  const each = { everyMs: SECOND_MS, kinds: KINDS };
  return {
    expected: new Fold({ ...each, atOnce: 1 }),
    texts: new Fold({ ...each, atOnce: LINES_AT_ONCE }),
  };
}

function namedFields(fields: object): object {
  return fields instanceof Error ? { error: fields } : fields;
}

function destinationOf(options: LoggerOptions): DestinationStream {
  const stream = options.destination ?? standardOutput();
  if (!isReadable(options.format, process.stdout)) return stream;
  const readable = prettyFactory({ ...readableLine, colorize: process.stdout.isTTY === true });
  return { write: (line) => stream.write(readable(line) ?? '') };
}

function standardOutput(): DestinationStream {
  const stream = pino.destination({ fd: 1, sync: true, maxLength: KEPT_LINES_BYTES });
  // A full disk, or a terminal that went away, must not take the process with it.
  stream.on('error', () => undefined);
  return stream;
}
