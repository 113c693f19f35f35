import { type z } from 'zod';
import { DomainError, messageOf } from '../kernel/errors.js';
import { printable } from '../kernel/text.js';
import { validationFailed } from '../platform/http/http.errors.js';
import { multipartMalformed, uploadIncomplete } from './releases.errors.js';

/** More than these help nobody to mend a manifest. */
const FIELDS = 50;
const MESSAGE_CHARACTERS = 300;

/** One part of the form that is wrong, in the form that every other 400 has. */
export function partInvalid(path: string, message: string): DomainError {
  return fieldsInvalid([{ in: 'body', path, message }]);
}

export function partUnparsed(path: string, error: z.ZodError): DomainError {
  return fieldsInvalid(
    error.issues.slice(0, FIELDS).map((issue) => ({
      in: 'body',
      path: printable([path, ...issue.path.map(String)].join('.').slice(0, MESSAGE_CHARACTERS)),
      message: printable(issue.message.slice(0, MESSAGE_CHARACTERS)),
    })),
  );
}

function fieldsInvalid(
  fields: readonly { in: string; path: string; message: string }[],
): DomainError {
  const [first] = fields;
  return validationFailed(
    `The upload does not have the required form: "${first?.path}": ${first?.message}.`,
    { details: { fields } },
  );
}

/**
 * What the form's parser throws is the caller's mistake or the network's; everything else keeps its
 * own meaning, so that a mistake of ours is never told as one of theirs.
 */
export function uploadFailure(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  const code = String((error as NodeJS.ErrnoException | undefined)?.code ?? '');
  const message = messageOf(error);
  if (/terminated early|Unexpected end|PREMATURE_CLOSE|ECONNRESET|aborted/.test(message + code)) {
    return uploadIncomplete(error);
  }
  if (code.startsWith('FST_') || /[Mm]ultipart|[Bb]oundary|[Hh]eader/.test(message)) {
    return multipartMalformed(
      'The body is not a proper multipart/form-data form. Send version, manifest and artifact as its parts.',
      error,
    );
  }
  return error;
}
