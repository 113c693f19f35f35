// payment-processor 2.0.0: limits and fees by currency. As light and fast as the release before it.
import { createServer } from 'node:http';

const terms = {
  EUR: { limitCents: 100_000, fee: 0.03 },
  USD: { limitCents: 110_000, fee: 0.032 },
};

function authorize({ amountCents, currency = 'EUR' }) {
  const term = terms[currency];
  if (!term) return { status: 'declined', reason: `no payments in ${currency}` };
  if (amountCents > term.limitCents) return { status: 'declined', reason: 'above the limit' };
  return { status: 'authorized', currency, feeCents: Math.ceil(amountCents * term.fee) };
}

const server = createServer(async (request, response) => {
  response.setHeader('x-release', process.env.TIDEGATE_VERSION);
  if (request.url === '/healthz') return response.end('ok\n');
  let text = '';
  for await (const chunk of request) text += chunk;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(authorize(JSON.parse(text))));
});

server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
