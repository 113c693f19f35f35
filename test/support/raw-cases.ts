import type { RawAnswer, RawRequest, Script } from './raw-http.js';

/**
 * What clients and services may say to one another, and what they should not. Each is played direct
 * and through the front; `differs` says what is otherwise there, and the words by which
 * docs/agent.md says why.
 */
export interface RawCase extends RawRequest, Script {
  readonly name: string;
  readonly differs?: Partial<RawAnswer> & { readonly executed?: number; readonly because: string };
}

const host = 'Host: service\r\n';
const get = `GET / HTTP/1.1\r\n${host}\r\n`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const post = (body: string, more = '') =>
  `POST / HTTP/1.1\r\n${host}${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (body: string, trailers = '') =>
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n${trailers}\r\n`;
const asked = `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`;

const OWN_CONNECTION = 'One connection is not the other';
const REFUSED = 'Refused with 400';
const UNREADABLE = 'Not valid HTTP';
const own400 = { status: 400, isUsable: false, executed: 0, because: REFUSED };
const own502 = { status: 502, isUsable: true, because: UNREADABLE };

const ordinary: RawCase[] = [
  { name: 'GET', request: get, answer: ok },
  { name: 'POST', request: post('content'), answer: ok },
  {
    name: 'GET with a body',
    request: `GET / HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`,
    answer: ok,
  },
  {
    name: 'a chunked body with extensions',
    request: `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n`,
    answer: ok,
  },
  { name: 'DELETE without a body', request: `DELETE / HTTP/1.1\r\n${host}\r\n`, answer: ok },
  { name: 'OPTIONS of a path', request: `OPTIONS / HTTP/1.1\r\n${host}\r\n`, answer: ok },
  { name: 'TRACE', request: `TRACE / HTTP/1.1\r\n${host}\r\n`, answer: ok },
  {
    name: 'an empty header value',
    request: `GET / HTTP/1.1\r\n${host}X-Empty:\r\n\r\n`,
    answer: ok,
  },
  {
    name: 'an absolute target with the same host',
    request: `GET http://service/page HTTP/1.1\r\n${host}\r\n`,
    answer: ok,
  },
  {
    name: 'an absolute target without a path',
    request: `GET http://service?x=1 HTTP/1.1\r\n${host}\r\n`,
    answer: ok,
  },
  {
    name: 'Connection: close, x',
    request: `GET / HTTP/1.1\r\n${host}Connection: keep-alive, x-a\r\nX-A: 1\r\n\r\n`,
    answer: ok,
  },
  {
    name: 'HTTP/1.0 with Host',
    request: `GET / HTTP/1.0\r\n${host}\r\n`,
    answer: ok,
    then: 'close',
  },
  {
    name: 'an offer to upgrade that is not taken',
    request: `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    answer: ok,
  },
  {
    name: 'a WebSocket that is refused',
    request: `GET / HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    answer: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno',
    differs: { isUsable: false, because: 'A handshake that the service refuses' },
  },
];

const answers: RawCase[] = [
  {
    name: '304 with Content-Length',
    request: get,
    answer: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 1000\r\n\r\n',
  },
  {
    name: '204 with Content-Length',
    request: get,
    answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    differs: { fields: [], because: '204 has no Content-Length' },
  },
  {
    name: '204 with a length that never comes',
    request: get,
    answer: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    differs: { fields: [], because: '204 has no Content-Length' },
  },
  {
    name: '304 with Transfer-Encoding',
    request: get,
    answer: 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
  },
  { name: '205', request: get, answer: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n' },
  {
    name: '404 with a body',
    request: get,
    answer: 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno',
  },
  {
    name: '500 with a body',
    request: get,
    answer: 'HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno',
  },
  {
    name: 'an unknown status',
    request: get,
    answer: 'HTTP/1.1 799 Own\r\nContent-Length: 2\r\n\r\nok',
  },
  {
    name: 'no reason phrase',
    request: get,
    answer: 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok',
  },
  {
    name: 'HEAD with Content-Length',
    request: `HEAD / HTTP/1.1\r\n${host}\r\n`,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
  },
  {
    name: 'HEAD with a body all the same',
    request: `HEAD / HTTP/1.1\r\n${host}\r\n`,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    differs: { isUsable: true, because: 'More than an answer' },
  },
  {
    name: 'an empty header of an answer',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nX-Empty:\r\nContent-Length: 2\r\n\r\nok',
  },
  {
    name: 'two cookies',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok',
  },
  {
    name: 'a chunked answer',
    request: get,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('hello')}`,
  },
  {
    name: 'an answer with chunk extensions',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n',
  },
  {
    name: 'an answer that ends with the connection',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\n\r\nuntil the end',
    then: 'close',
    differs: { isUsable: true, because: OWN_CONNECTION },
  },
  {
    name: 'Connection: close',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    then: 'close',
    differs: { isUsable: true, because: OWN_CONNECTION },
  },
  {
    name: 'an answer of HTTP/1.0',
    request: get,
    answer: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    then: 'close',
    differs: { isUsable: true, because: OWN_CONNECTION },
  },
  {
    name: 'a service that ends its side after the answer',
    request: get,
    answer: ok,
    then: 'half-close',
    differs: { isUsable: true, because: OWN_CONNECTION },
  },
  {
    name: 'an answer longer than its length',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more',
    differs: { isUsable: true, because: 'More than an answer' },
  },
  {
    name: 'an answer shorter than its length',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok',
    then: 'close',
  },
  {
    name: '48 KiB of headers',
    request: get,
    answer: `HTTP/1.1 200 OK\r\n${`X-Long: ${'a'.repeat(6000)}\r\n`.repeat(8)}Content-Length: 2\r\n\r\nok`,
  },
  {
    name: '80 KiB of headers',
    request: get,
    answer: `HTTP/1.1 200 OK\r\n${`X-Long: ${'a'.repeat(8000)}\r\n`.repeat(10)}Content-Length: 2\r\n\r\nok`,
    differs: { status: 502, because: '64 KiB of headers' },
  },
];

const interims: RawCase[] = [
  {
    name: '103',
    request: get,
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${ok}`,
  },
  {
    name: '102, and 103 twice',
    request: get,
    answer: `HTTP/1.1 102 Processing\r\n\r\n${'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(2)}${ok}`,
  },
  {
    name: '103 to a client of HTTP/1.0',
    request: `GET / HTTP/1.0\r\n${host}\r\n`,
    answer: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`,
    then: 'close',
    differs: { interims: [], because: 'not to clients of HTTP/1.0' },
  },
  {
    name: '100 that nobody asked for',
    request: get,
    answer: `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
    differs: { interims: [], because: '100 that was not asked for' },
  },
  {
    name: '100 twice and 103, byte by byte',
    request: post('content'),
    answer: (_, socket) => {
      const bytes = `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)}HTTP/1.1 103 Early Hints\r\n\r\n${ok}`;
      const send = (at: number) => {
        if (at >= bytes.length) return;
        socket.write(bytes.slice(at, at + 7), () => setImmediate(send, at + 7));
      };
      socket.setNoDelay(true);
      send(0);
    },
    differs: { interims: ['103'], because: '100 that was not asked for' },
  },
  {
    name: 'thirty times 103',
    request: get,
    answer: `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(30)}${ok}`,
    differs: { interims: Array.from({ length: 20 }, () => '103'), because: 'The first 20' },
  },
  {
    name: '101 that nobody asked for',
    request: get,
    answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    then: 'close',
    differs: own502,
  },
];

const bodies: RawCase[] = [
  {
    name: 'Expect, wanted',
    request: asked,
    onContinue: 'body',
    saysContinue: true,
    answer: (request, socket) => void socket.write(request.body === 'body' ? ok : 'x'),
  },
  {
    name: 'Expect, refused with 417',
    request: asked,
    atHead: true,
    answer: 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno',
    then: 'close',
  },
  {
    name: 'Expect, answered at once',
    request: asked,
    atHead: true,
    answer: 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno',
    then: 'close',
  },
  {
    name: 'an upload that is refused early, and the connection closed',
    request: post('x'.repeat(3_000_000)),
    atHead: true,
    answer: 'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno',
    then: 'close',
    differs: { isUsable: true, because: OWN_CONNECTION },
  },
  {
    name: 'trailers of an answer',
    request: `GET / HTTP/1.1\r\n${host}TE: trailers\r\n\r\n`,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunked('hello', 'X-Sum: 5\r\n')}`,
  },
  {
    name: 'trailers of an answer to HTTP/1.0',
    request: `GET / HTTP/1.0\r\n${host}\r\n`,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    then: 'close',
  },
  {
    name: 'trailers that would change the message',
    request: get,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('hello', 'Set-Cookie: a=1\r\nX-Sum: 5\r\n')}`,
    differs: { trailers: ['x-sum: 5'], because: 'what decides where a message ends' },
  },
  {
    name: 'a length among the trailers of an answer',
    request: get,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('hello', 'Content-Length: 9\r\n')}`,
    differs: { status: 0, isUsable: false, because: 'a Content-Length among them' },
  },
  {
    name: 'trailers of a request',
    request: `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunked('hello', 'X-Sum: 5\r\n')}`,
    answer: ({ trailers }, socket) => {
      const body = JSON.stringify(trailers);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    },
  },
  {
    name: 'a client that ends its side after a request',
    request: get,
    halfCloses: true,
    answer: ok,
  },
  {
    name: 'a client that ends its side after an upload',
    request: post('content'),
    halfCloses: true,
    answer: (_, socket) => void setTimeout(() => socket.write(ok), 100),
  },
];

const malformed: RawCase[] = [
  {
    name: 'two Content-Length',
    request: `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
    answer: ok,
    differs: own400,
  },
  { name: 'OPTIONS *', request: `OPTIONS * HTTP/1.1\r\n${host}\r\n`, answer: ok, differs: own400 },
  {
    name: 'a folded header',
    request: `GET / HTTP/1.1\r\n${host}X-A: a\r\n b\r\n\r\n`,
    answer: ok,
    differs: own400,
  },
  {
    name: 'an unknown method',
    request: `FOO / HTTP/1.1\r\n${host}\r\n`,
    answer: ok,
    differs: own400,
  },
  {
    name: 'CONNECT',
    request: 'CONNECT service:80 HTTP/1.1\r\nHost: service:80\r\n\r\n',
    answer: ok,
    differs: { ...own400, status: 501, because: 'CONNECT gets 501' },
  },
  {
    name: 'an answer with two Content-Length',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    differs: own502,
  },
  {
    name: 'an answer with a length and chunks',
    request: get,
    answer: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('ok')}`,
    differs: own502,
  },
  {
    name: 'an answer with another coding',
    request: get,
    answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${chunked('ok')}`,
    then: 'close',
    differs: own502,
  },
  {
    name: 'an answer with a folded header',
    request: get,
    answer: 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nok',
    differs: own502,
  },
  {
    name: 'an answer that is no HTTP',
    request: get,
    answer: 'SSH-2.0-OpenSSH\r\n\r\n',
    then: 'close',
    differs: own502,
  },
  {
    name: 'half a status line',
    request: get,
    answer: 'HTTP/1.1 20',
    then: 'close',
    differs: own502,
  },
  {
    name: 'POST, reset without an answer',
    request: post('order'),
    answer: '',
    then: 'reset',
    differs: { ...own502, because: 'POST and PATCH are never sent twice' },
  },
];

export const rawCases: readonly RawCase[] = [
  ...ordinary,
  ...answers,
  ...interims,
  ...bodies,
  ...malformed,
];
