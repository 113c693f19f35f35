// payment-processor 2.1.0: a bad release, with three mistakes as they are made. It passes its health
// check, and nothing outside this file knows that it is bad.
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const terms = {
  EUR: { limitCents: 100_000, fee: 0.03 },
  USD: { limitCents: 110_000, fee: 0.032 },
};

/** Mistake 1: asks three risk services one after the other. Each takes 60 to 90 ms. */
async function askForRisk() {
  const answers = [];
  for (const service of ['country', 'card', 'history']) {
    await pause(60 + Math.random() * 30);
    answers.push({ service, risk: Math.random() });
  }
  return answers;
}

/** Mistake 2: keeps what it knows of each payment, 200 kB, and never lets go of it. */
const trail = [];
/** This much is a leak that anybody sees, and still no harm to the machine that shows it. */
const trailPayments = 2000;

function remember(payment, risks) {
  const record = Buffer.alloc(200_000, JSON.stringify({ payment, risks }));
  if (trail.length < trailPayments) trail.push(record);
}

let payments = 0;

/** Mistake 3: the pool of connections is too small; every twentieth payment finds none. */
function takeConnection() {
  payments += 1;
  if (payments % 20 === 0) throw new Error('no connection left in the pool');
}

async function authorize(payment) {
  const { amountCents, currency = 'EUR' } = payment;
  const risks = await askForRisk();
  remember(payment, risks);
  takeConnection();
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
  try {
    response.end(JSON.stringify(await authorize(JSON.parse(text))));
  } catch (error) {
    response.statusCode = 500;
    response.end(JSON.stringify({ error: error.message }));
  }
});

server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
