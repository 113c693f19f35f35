import { destination, type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { DomainError } from '../kernel/errors.js';
import {
  isReadable,
  KEPT_LINES_BYTES,
  LOG_FORMATS,
  LOG_LEVELS,
  logLine,
  type LogFormat,
  type LogLevel,
  readableLine,
} from '../kernel/log-form.js';

/** As the environment says it: the same variables, with the same values, as the control plane's. */
export interface AgentLogSettings {
  readonly level?: string | undefined;
  readonly format?: string | undefined;
}

const STANDARD_ERROR = 2;

/** The agent's log, on standard error. Throws DomainError `usage` with one sentence. */
export function openAgentLog({ level, format }: AgentLogSettings): Logger {
  const wanted = {
    level: oneOf('TIDEGATE_LOG_LEVEL', LOG_LEVELS, level || 'info'),
    format: oneOf('TIDEGATE_LOG_FORMAT', LOG_FORMATS, format || 'auto'),
  };
  const stream = destination({ fd: STANDARD_ERROR, sync: true, maxLength: KEPT_LINES_BYTES });
  // A full disk, or a terminal that went away, must not take the agent with it.
  stream.on('error', () => undefined);
  return agentLogTo(stream, wanted);
}

export function agentLogTo(
  stream: DestinationStream,
  { level, format }: { readonly level: LogLevel; readonly format: LogFormat },
): Logger {
  const options = { ...logLine, level, base: { part: 'agent' } };
  if (!isReadable(format, process.stderr)) return pino(options, stream);
  const readable = prettyFactory({ ...readableLine, colorize: process.stderr.isTTY === true });
  // Line by line and at once: the last word of a process that ends is the one that counts.
  return pino(options, { write: (line) => stream.write(readable(line) ?? '') });
}

function oneOf<Value extends string>(name: string, values: readonly Value[], text: string): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  const sentence = `${name} must be one of ${values.join(', ')}.`;
  throw new DomainError('invalid', 'usage', sentence);
}
