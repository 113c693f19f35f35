import type { Context } from '../context.js';

/** A request of somebody known, and what it took. */
export interface MeteredRequest {
  readonly ctx: Context;
  readonly method: string;
  /** The template, never the path. */
  readonly route: string;
  readonly params: unknown;
  readonly body: unknown;
  readonly status: number;
  readonly ms: number;
  /** All that was sent for it, with its headers. */
  readonly sentBytes: number;
}

/** Is told of each request that was answered to somebody known. Called after the answer: it must be quick. */
export abstract class RequestMeter {
  abstract answered(request: MeteredRequest): void;
}
