import type { ErrorCode } from '../../platform/http/error-codes.js';

/** Every feature's `<noun>.errors.ts`, for the OpenAPI document and docs/errors.md: one line each. */
export const errorLists: readonly (readonly ErrorCode[])[] = [];
