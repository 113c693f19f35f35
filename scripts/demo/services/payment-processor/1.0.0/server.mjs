// payment-processor 1.0.0: authorizes payments up to a limit.
import { createServer } from 'node:http';

const limitCents = 100_000;

function authorize({ amountCents }) {
  return amountCents <= limitCents
    ? { status: 'authorized', feeCents: Math.ceil(amountCents * 0.03) }
    : { status: 'declined', reason: 'above the limit' };
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
