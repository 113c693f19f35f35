import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { newId } from '../../kernel/ids.js';
import { answerTo } from '../../platform/http/problem.js';
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
  const id = newId();
  const {
    code,
    detail: message,
    status,
  } = answerTo(error, {
    ...{ requestId: id, url: HUB_NAMESPACE },
  }).problem;
  const line = { requestId: id, code };
  if (status >= 500) logger.error({ ...line, error }, 'a socket message failed');
  else logger.info(line, 'a socket message was refused');
  return { error: { code, message, id } };
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
