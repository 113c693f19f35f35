/** Settings of the listener that others than this machine reach: TLS, and pages of other origins. */
import { z } from 'zod';
import { limits } from '../../kernel/limits.js';
import { listen, setting } from './setting.js';

const path = z.string().max(1024, 'a path of at most 1024 characters');

/** `https://app.example`, as a browser writes it; null for anything else. */
export function originOf(value: string): string | null {
  if (!URL.canParse(value)) return null;
  const { protocol, origin } = new URL(value);
  return /^https?:$/.test(protocol) && origin === value ? origin : null;
}

const origins = z.string().transform((value, context): readonly string[] => {
  const found = value.split(',').map((each) => originOf(each.trim()));
  const isGood = found.every((each) => each !== null) && found.length <= limits.corsOrigins;
  if (isGood) return found;
  context.addIssue({
    code: 'custom',
    message: `at most ${limits.corsOrigins} origins separated by commas, as browsers write them: https://app.example, without a path, a slash or *`,
  });
  return z.NEVER;
});

export const tlsSettings = {
  tlsCert: setting({
    env: 'TIDEGATE_TLS_CERT',
    group: 'TLS',
    description:
      'A PEM file with the certificate for TIDEGATE_LISTEN and its chain, the server’s own first; with TIDEGATE_TLS_KEY the API speaks TLS 1.2 and 1.3 there, and nothing else. Another pair in the files is served within seconds, without a restart. For a try: `npm run make-dev-certificate`.',
    default: null,
    example: '/run/secrets/tls.crt',
    schema: path,
  }),
  tlsKey: setting({
    env: 'TIDEGATE_TLS_KEY',
    group: 'TLS',
    description: 'A PEM file with the private key of TIDEGATE_TLS_CERT.',
    default: null,
    example: '/run/secrets/tls.key',
    schema: path,
  }),
  plainListen: setting({
    env: 'TIDEGATE_PLAIN_LISTEN',
    group: 'TLS',
    description:
      'A listener without TLS beside the one with it: it sends browsers on to the https address and refuses calls of the API, which would have shown their token.',
    default: null,
    example: '0.0.0.0:80',
    schema: listen,
  }),
  corsOrigins: setting({
    env: 'TIDEGATE_CORS_ORIGINS',
    group: 'TLS',
    description:
      'Origins whose pages may call the API from a browser, for every tenant; a tenant adds its own with the setting `cors.origins`. Exactly these: no patterns, and none by default. Give every API process the same.',
    default: null,
    example: 'https://console.example,https://status.example',
    schema: origins,
  }),
};
