import { inspect } from 'node:util';
import { ConfigError } from './config-error.js';
import { Config } from './config.js';
import { settings } from './settings.js';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    Config.read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const cluster = {
  TIDEGATE_MODE: 'cluster',
  DATABASE_URL: 'postgres://app:pg-secret@db:5432/tidegate',
  REDIS_URL: 'redis://:redis-secret@redis:6379',
  TIDEGATE_SIGNING_KEY_FILE: '/run/signing.pem',
  TIDEGATE_AGENT_KEY_FILE: '/run/agent.pem',
  TIDEGATE_SEALING_KEY_FILE: '/run/sealing.key',
  TIDEGATE_AUDIT_KEY_FILE: '/run/audit.pem',
};

describe('the configuration', () => {
  it('needs nothing to run alone, and then listens to this machine only', () => {
    const config = Config.read({ PATH: '/bin' });
    expect(config).toMatchObject({
      mode: 'standalone',
      listen: { host: '127.0.0.1', port: 8080 },
      metricsListen: null,
      demo: false,
      trustedProxies: [],
      database: { url: null },
    });
    expect(config.home).toMatch(/^\/.*\.tidegate$/);
  });

  it('gives a cluster its listeners', () => {
    expect(Config.read(cluster)).toMatchObject({
      listen: { host: '0.0.0.0', port: 8080 },
      metricsListen: { host: '0.0.0.0', port: 9464 },
    });
  });

  it('takes every example of the documentation', () => {
    for (const setting of Object.values(settings)) {
      expect([setting.env, setting.schema.safeParse(setting.example).success]).toEqual([
        setting.env,
        true,
      ]);
    }
  });

  it('takes an empty variable for one that is not set', () => {
    expect(Config.read({ TIDEGATE_MODE: '', DATABASE_URL: '' }).database.url).toBeNull();
  });

  it('refuses to start a process with failpoints: nothing in it could arm them', () => {
    expect(problemsOf({ TIDEGATE_FAILPOINTS: 'queue.wake-up:before=kill' })).toEqual([
      'TIDEGATE_FAILPOINTS is not a setting of Tidegate: see docs/configuration.md for the names.',
    ]);
  });

  it('refuses a misspelt name and says which was meant', () => {
    expect(problemsOf({ TIDEGATE_LISTN: ':80' })).toEqual([
      'TIDEGATE_LISTN is not a setting of Tidegate: did you mean TIDEGATE_LISTEN?',
    ]);
    expect(problemsOf({ TIDEGATE_FAVOURITE_COLOUR: 'red' })).toEqual([
      'TIDEGATE_FAVOURITE_COLOUR is not a setting of Tidegate: see docs/configuration.md for the names.',
    ]);
  });

  it('leaves alone what Kubernetes and our other programs set', () => {
    const names = [
      'TIDEGATE_PORT',
      'TIDEGATE_SERVICE_HOST',
      'TIDEGATE_SERVICE_PORT_HTTP',
      'TIDEGATE_API_PORT_8080_TCP_ADDR',
      'TIDEGATE_API_SERVICE_PORT',
      'TIDEGATE_ENROLLMENT_TOKEN',
    ];
    expect(problemsOf(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
  });

  it('tells every mistake at once, in a sentence each', () => {
    const problems = problemsOf({
      TIDEGATE_MODE: 'big',
      TIDEGATE_LOG_LEVEL: 'x',
      TIDEGATE_HME: 'a',
    });
    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toMatch(/^TIDEGATE_\w+ .+[.?]$/);
  });

  it.each([
    ['TIDEGATE_LISTEN', 'localhost'],
    ['TIDEGATE_LISTEN', '127.0.0.1:65536'],
    ['TIDEGATE_LISTEN', 'http://127.0.0.1:80'],
    ['TIDEGATE_ACCESS_TOKEN_MS', '900001'],
    ['TIDEGATE_ACCESS_TOKEN_MS', '-1'],
    ['TIDEGATE_ACCESS_TOKEN_MS', '1e5'],
    ['TIDEGATE_DEMO', 'yes'],
    ['TIDEGATE_PUBLIC_URL', 'tidegate.example.com'],
    ['TIDEGATE_MFA_REQUIRED_ROLES', 'Owner'],
    ['TIDEGATE_MFA_REQUIRED_ROLES', 'none,Admin'],
    ['TIDEGATE_TRUSTED_PROXIES', 'true'],
    ['TIDEGATE_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TIDEGATE_TRUSTED_PROXIES', '10.0.0.0/'],
    ['TIDEGATE_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['TIDEGATE_ADMIN_PASSWORD', 'short'],
    ['TIDEGATE_ADMIN_USERNAME', 'A b'],
    ['DATABASE_URL', 'mysql://user:hunter2@db/x'],
    ['REDIS_URL', 'redis.internal:6379'],
  ])('refuses %s=%s', (name, value) => {
    const [problem, ...more] = problemsOf({ [name]: value });
    expect(problem).toMatch(new RegExp(`^${name} must be `));
    expect(more).toEqual([]);
    expect(problem).not.toContain('hunter2');
  });

  it('refuses a cluster without what it shares', () => {
    expect(problemsOf({ TIDEGATE_MODE: 'cluster' })).toEqual([
      'Cluster mode needs DATABASE_URL: set it.',
      'Cluster mode needs REDIS_URL: set it.',
      'Cluster mode needs TIDEGATE_SIGNING_KEY_FILE: set it.',
      'Cluster mode needs TIDEGATE_AGENT_KEY_FILE: set it.',
      'Cluster mode needs TIDEGATE_SEALING_KEY_FILE: set it.',
      'Cluster mode needs TIDEGATE_AUDIT_KEY_FILE: set it.',
    ]);
    expect(problemsOf({ ...cluster, TIDEGATE_DEMO: 'true' })).toHaveLength(1);
  });

  it.each([
    [{ DATABASE_URL: 'postgres://a@b/c' }, 'unset DATABASE_URL'],
    [{ NODE_ENV: 'production' }, 'unset NODE_ENV=production'],
    [{ TIDEGATE_LISTEN: '0.0.0.0:8080' }, 'TIDEGATE_LISTEN be 127.0.0.1'],
    [{ TIDEGATE_LISTEN: '[::]:8080' }, 'TIDEGATE_LISTEN be 127.0.0.1'],
    [{ TIDEGATE_LISTEN: '127.evil.example:8080' }, 'TIDEGATE_LISTEN be 127.0.0.1'],
  ])('refuses demo mode with %o', (environment, why) => {
    const problems = problemsOf({ TIDEGATE_DEMO: 'true', ...environment });
    expect(problems).toEqual([expect.stringContaining(why)]);
    expect(problemsOf({ TIDEGATE_DEMO: 'true', TIDEGATE_LISTEN: '[::1]:0' })).toEqual([]);
  });

  it('never prints a secret', () => {
    const config = Config.read({ ...cluster, TIDEGATE_ADMIN_PASSWORD: 'admin-secret-1' });
    const printed = `${inspect(config, { depth: 9 })} ${JSON.stringify(config)}`;
    expect(printed).toContain('cluster');
    expect(printed).not.toMatch(/secret/);
  });
});
