import { CommanderError } from 'commander';
import { TidegateError } from '#sdk';

/** What scripts decide by. They are part of the contract: docs/cli.md lists them. */
export const exitCodes = {
  succeeded: 0,
  usage: 1,
  /** The API refused the request, or the deployment was not approved. */
  rejected: 2,
  /** The deployment did not succeed, or the server could not be reached or failed. */
  failed: 3,
  /** --timeout passed first; the deployment goes on. */
  timeout: 4,
  /** Standard output could not be written to; what was asked for may have been done. */
  output: 5,
  /** The deployment succeeded, and the receipt that was asked for could not be had. */
  unproven: 6,
  /** Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;

/** A failure of the command line itself, with what to do next in its message. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = exitCodes.usage,
  ) {
    super(message);
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  if (error instanceof TidegateError && error.status >= 400 && error.status < 500) {
    return exitCodes.rejected;
  }
  return exitCodes.failed;
}

/** For a deployment that is over. */
export function exitCodeOfStatus(status: string): number {
  if (status === 'Succeeded') return exitCodes.succeeded;
  return status === 'Rejected' ? exitCodes.rejected : exitCodes.failed;
}
