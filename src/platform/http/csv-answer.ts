import type { FastifyReply, FastifyRequest } from 'fastify';

/** Whether a reader wants comma-separated values: by the query, else by its Accept header. */
export function wantsCsv(
  { headers }: Pick<FastifyRequest, 'headers'>,
  format: 'json' | 'csv' | undefined,
): boolean {
  if (format !== undefined) return format === 'csv';
  const first = (headers.accept ?? '').split(',')[0] ?? '';
  return /^\s*text\/csv\s*(;|$)/i.test(first);
}

/** The text as the answer, named so when it is saved. */
export function sendCsv(reply: FastifyReply, name: string, text: string): string {
  void reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', `attachment; filename="${name}.csv"`);
  return text;
}
