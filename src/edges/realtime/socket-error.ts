import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { answerTo } from '../../platform/http/problem.js';
import { tellRefusal } from '../../platform/http/tell-refusal.js';
import { Logger } from '../../platform/logging/logger.js';
import { HUB_NAMESPACE } from './hub-messages.js';

/** How a socket is told of an error; the `id` is in the log. */
export interface SocketError {
  readonly code: string;
  readonly message: string;
  readonly id: string;
}

export interface Refusal {
  readonly error: SocketError;
}

type Acknowledge = (answer: unknown) => void;

export function acknowledgeOf(args: readonly unknown[]): Acknowledge | undefined {
  return args.find((arg): arg is Acknowledge => typeof arg === 'function');
}

/** The same words as over HTTP; what is not ours to tell becomes `internal-error`. */
export function refusalOf(error: unknown, logger: Logger): Refusal {
  const requestId = newId();
  const where = { requestId, url: HUB_NAMESPACE };
  const { code, detail: message, status } = answerTo(error, where).problem;
  tellRefusal(logger, 'socket message', { requestId, status, code }, error);
  return { error: { code, message, id: requestId } };
}

/** Errors of message handlers go into the acknowledgement; who asked for none hears nothing. */
@Catch()
@Injectable()
export class SocketErrorFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const refusal = refusalOf(error, this.logger);
    acknowledgeOf(host.getArgs<unknown[]>())?.(refusal);
  }
}
