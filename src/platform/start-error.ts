import { diskProblem } from '../kernel/disk-problem.js';
import { DomainError, messageOf } from '../kernel/errors.js';
import { ConfigError } from './config/config-error.js';
import { AccessCheckError } from './http/access-check.js';
import { cleanText } from './logging/redact.js';

interface SystemError extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
}

/**
 * Why a process could not start, as sentences for whoever started it. Null: nothing we foresaw, so
 * a stack is worth more than a sentence.
 */
export function startProblems(error: unknown): readonly string[] | null {
  if (error instanceof ConfigError) return error.problems;
  if (error instanceof AccessCheckError) return error.faults;
  if (error instanceof DomainError) return [cleanText(error.message)];
  const known =
    systemProblem(error as SystemError) ??
    diskProblem(error, 'name another place in TIDEGATE_HOME (or where that file is named)');
  if (known) return [known];
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? null : startProblems(cause);
}

function systemProblem(error: SystemError): string | null {
  const place = [error.address, error.port].filter((part) => part !== undefined).join(':');
  switch (error.code) {
    case 'EADDRINUSE':
      return `${place} is taken by another process: stop that one, or set TIDEGATE_LISTEN (or TIDEGATE_METRICS_LISTEN) to another port.`;
    case 'EADDRNOTAVAIL':
      return `${place} is no address of this machine: correct TIDEGATE_LISTEN (or TIDEGATE_METRICS_LISTEN).`;
    case 'EACCES':
      // Else of a file: see kernel/disk-problem.ts.
      if (error.syscall !== 'listen') return null;
      return `This user may not listen on ${place}: take a port above 1023 in TIDEGATE_LISTEN.`;
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return `A server does not answer (${cleanText(messageOf(error) || error.code)}): check DATABASE_URL and REDIS_URL and that both servers run.`;
    case '28P01':
    case '28000':
      return 'PostgreSQL refuses the user or the password: check DATABASE_URL (and DATABASE_SYSTEM_URL).';
    case '53100':
      return 'The disk of PostgreSQL is full: make room there, and start again.';
    case '3D000':
      return 'PostgreSQL has no database of that name: create it, or correct DATABASE_URL.';
    default:
      return null;
  }
}
