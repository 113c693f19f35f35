/**
 * The one way to the API: typed by its own document. The session is in a cookie that nothing here can
 * read; the header says that a page of this server asks (docs/adr/0092).
 */
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from '../../../sdks/typescript/src/schema.js';

export type Schemas = components['schemas'];

/** What the API says of a refusal. `detail` is for people and says what to do next. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly requestId: string | null,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
    this.name = 'ApiProblem';
  }
}

const refusals: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return undefined;
    throw await problemOf(response);
  },
  onError() {
    return new ApiProblem(
      0,
      'unreachable',
      'The server cannot be reached. This page tries again by itself.',
      null,
    );
  },
};

async function problemOf(response: Response): Promise<ApiProblem> {
  const body = (await response.json().catch(() => ({}))) as Partial<Schemas['Problem']>;
  return new ApiProblem(
    response.status,
    body.code ?? 'no-answer',
    body.detail ?? `The server answered ${response.status}. Try again in a moment.`,
    body.id ?? response.headers.get('x-request-id'),
    body.details ?? {},
  );
}

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  headers: { 'x-tidegate-page': '1' },
});
api.use(refusals);

/** The body of an answer; refusals have been thrown. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
