import { applyDecorators } from '@nestjs/common';
import { ApiExtension, ApiOperation } from '@nestjs/swagger';
import type { ErrorCode } from '../../kernel/error-entry.js';

/** Where the notes below wait in the document until document.ts turns them into responses. */
export const OPERATION_EXTENSION = 'x-tidegate-operation';

export interface OperationExample {
  /** A body that the operation accepts. */
  readonly request?: unknown;
  /** The body of the successful answer. */
  readonly response?: unknown;
}

export interface OperationNotes {
  /** A few words, no full stop: the line in a list of operations. */
  readonly summary: string;
  /** Sentences: what it does, what it does not do, what to know before calling it. */
  readonly description: string;
  /**
   * Entries of the features' `<noun>.errors.ts`. The errors that any operation of its sort can give
   * (validation, who are you, missing permission, internal) are added by themselves.
   */
  readonly errors: readonly ErrorCode[];
  readonly example?: OperationExample;
}

/** Describes an operation for the OpenAPI document. Stands on every handler of a controller. */
export function Operation(notes: OperationNotes): MethodDecorator {
  const { summary, description, errors, example = {} } = notes;
  return applyDecorators(
    ApiOperation({ summary, description }),
    ApiExtension(OPERATION_EXTENSION, { errors: [...errors], example }),
  );
}
