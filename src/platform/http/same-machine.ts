import type { FastifyRequest } from 'fastify';

/** Whatever a proxy says of whom it speaks for; one word of it, and it is not the caller who is here. */
const TOLD_BY_PROXIES = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|::ffff:127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/** By the connection itself, whatever proxies are trusted: a program of this machine, for itself. */
export function isOfSameMachine({
  raw,
  headers,
}: Pick<FastifyRequest, 'raw' | 'headers'>): boolean {
  const isDirect = !TOLD_BY_PROXIES.some((name) => headers[name] !== undefined);
  return isDirect && LOOPBACK.test(raw.socket.remoteAddress ?? '');
}
