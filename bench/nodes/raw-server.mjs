// The least that taking a report in could cost: Fastify, JSON, one durable transaction with one insert.
// It knows nobody and checks nothing. Its connection comes in DATABASE_URL; it says where it listens.
import fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
pool.on('error', () => {});
const insert = { name: 'raw', text: 'insert into bench_reports (node, body) values ($1, $2)' };
const server = fastify();
server.post('/raw', async ({ body }) => {
  const client = await pool.connect();
  try {
    const begun = client.query('begin');
    await client.query({ ...insert, values: [body.bootId, JSON.stringify(body)] });
    await begun;
    await client.query('commit');
  } finally {
    client.release();
  }
  return { protocol: 1 };
});
console.log(await server.listen({ port: 0, host: '127.0.0.1' }));
process.once('SIGTERM', () => process.exit(0));
