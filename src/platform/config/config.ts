import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import type { Role } from '../../kernel/permission.js';
import { ConfigError } from './config-error.js';
import { nearestName } from './nearest-name.js';
import { listen as listenSchema, type Listen, type Setting, type ValueOf } from './setting.js';
import type { Mailbox } from './outside-settings.js';
import { settings, type Settings } from './settings.js';
import type { RateProfile } from '../rate-limits/rates.js';
import { OpenedDestinations } from '../outbound/opened-destinations.js';

type Values = { readonly [K in keyof Settings]: ValueOf<Settings[K]> };
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the operator has set: the only reader of the environment. Reading finds every mistake at
 * once; an unknown TIDEGATE_ name is a mistake too, since a misspelt limit is no limit.
 */
export class Config {
  readonly mode: Values['mode'];
  readonly demo: boolean;
  /** Absolute. */
  readonly home: string;
  readonly listen: Listen;
  /** Null: `/metrics` stands on the main listener. */
  readonly metricsListen: Listen | null;
  readonly shutdownGraceMs: number;
  readonly trustedProxies: readonly string[];
  /** Null: the listener speaks plain http. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  readonly plainListen: Listen | null;
  /** Beside those that tenants have set. */
  readonly corsOrigins: readonly string[];
  readonly rateLimitProfile: RateProfile;
  readonly outboundAllow: OpenedDestinations;
  /** An origin, without a slash at its end. Null: nobody has said; people here reach it by localhost. */
  readonly publicUrl: string | null;
  readonly mail: {
    /** Null: no mail is sent. */
    readonly smtpUrl: string | null;
    readonly passwordFile: string | null;
    readonly tls: Values['smtpTls'];
    readonly from: Mailbox | null;
  };
  readonly database: {
    /** Null: the embedded PostgreSQL. */
    readonly url: string | null;
    readonly systemUrl: string | null;
    readonly ownerUrl: string | null;
    readonly poolSize: number;
    readonly systemPoolSize: number;
  };
  readonly redis: { readonly url: string | null };
  readonly admin: { readonly username: string; readonly password: string | null };
  readonly keys: Pick<
    Values,
    'signingKeyFile' | 'agentKeyFile' | 'sealingKeyFile' | 'auditKeyFile'
  >;
  readonly auditAnchorFolder: string | null;
  /** Null: checkpoints are posted nowhere. */
  readonly auditAnchor: { readonly url: string | null; readonly keyFile: string | null };
  /** 0: never by itself. */
  readonly tokenKeyRotationDays: number;
  readonly accessTokenMs: number;
  /** Where a tenant has not said so itself. */
  readonly mfaRequiredRoles: readonly Role[];
  readonly reportIntervalMs: number;
  readonly tenantMaxInFlight: number;
  readonly defaultApprovals: Values['defaultApprovals'];
  /** Null: tenants get nothing there. */
  readonly tenants: {
    readonly databaseUrl: string | null;
    readonly redisUrl: string | null;
  };
  readonly clusterDownloads: number;
  readonly artifactLimitBytes: number;
  readonly accessLog: Values['accessLog'];
  readonly log: { readonly level: Values['logLevel']; readonly format: Values['logFormat'] };

  private constructor(values: Values, cluster: boolean) {
    this.mode = values.mode;
    this.demo = values.demo;
    this.home = resolve(values.home);
    this.listen = values.listen;
    this.metricsListen = values.metricsListen ?? (cluster ? listenOf('0.0.0.0:9464') : null);
    this.shutdownGraceMs = values.shutdownGraceMs;
    this.trustedProxies = values.trustedProxies ?? [];
    const { tlsCert: certFile, tlsKey: keyFile } = values;
    this.tls = certFile !== null && keyFile !== null ? { certFile, keyFile } : null;
    this.plainListen = values.plainListen;
    this.corsOrigins = values.corsOrigins ?? [];
    this.rateLimitProfile = values.rateLimitProfile ?? profileOf(values, cluster);
    this.publicUrl = values.publicUrl;
    this.mail = {
      smtpUrl: values.smtpUrl,
      passwordFile: values.smtpPasswordFile,
      tls: values.smtpTls,
      from: values.mailFrom,
    };
    this.outboundAllow = values.outboundAllow ?? OpenedDestinations.none;
    this.database = {
      url: values.databaseUrl,
      systemUrl: values.databaseSystemUrl,
      ownerUrl: values.databaseOwnerUrl,
      poolSize: values.databasePoolSize,
      systemPoolSize: values.databaseSystemPoolSize,
    };
    this.redis = { url: values.redisUrl };
    this.admin = { username: values.adminUsername, password: values.adminPassword };
    const { signingKeyFile, agentKeyFile, sealingKeyFile, auditKeyFile } = values;
    this.keys = { signingKeyFile, agentKeyFile, sealingKeyFile, auditKeyFile };
    this.auditAnchorFolder = values.auditAnchorFolder;
    this.auditAnchor = { url: values.auditAnchorUrl, keyFile: values.auditAnchorSecretFile };
    this.tokenKeyRotationDays = values.tokenKeyRotationDays;
    this.accessTokenMs = values.accessTokenMs;
    // On one's own machine a second factor protects nothing from anybody; a cluster is reached by others.
    this.mfaRequiredRoles = values.mfaRequiredRoles ?? (cluster ? ['Admin', 'PlatformAdmin'] : []);
    this.reportIntervalMs = values.reportIntervalMs;
    this.tenantMaxInFlight = values.tenantMaxInFlight;
    this.defaultApprovals = values.defaultApprovals;
    this.tenants = {
      databaseUrl: values.tenantDatabaseUrl,
      redisUrl: values.tenantRedisUrl,
    };
    this.clusterDownloads = values.clusterDownloads;
    this.artifactLimitBytes = values.artifactLimitBytes;
    this.accessLog = values.accessLog;
    this.log = { level: values.logLevel, format: values.logFormat };
  }

  /** Where people reach this server, without a slash at its end. */
  get publicOrigin(): string {
    return this.publicUrl ?? `${this.tls ? 'https' : 'http'}://localhost:${this.listen.port}`;
  }

  /** Throws ConfigError with a sentence for every mistake. */
  static read(environment: Environment = process.env): Config {
    const problems = unknownNames(environment);
    const cluster = environment['TIDEGATE_MODE'] === 'cluster';
    const values: Record<string, unknown> = {};
    for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
      // An empty variable is how compose files and shells write "not set".
      const text = environment[setting.env] || (defaultOf(name, setting, cluster) ?? null);
      const parsed = text === null ? null : setting.schema.safeParse(text);
      if (parsed?.success === false) {
        problems.push(`${setting.env} must be ${parsed.error.issues[0]!.message}.`);
      }
      values[name] = parsed?.data ?? null;
    }
    if (problems.length === 0) problems.push(...contradictions(values as Values, environment));
    if (problems.length > 0) throw new ConfigError(problems);
    return new Config(values as Values, cluster);
  }

  /** What may be printed of it. */
  toJSON(): Record<string, unknown> {
    const { database, redis, admin, mail, tenants, ...rest } = this;
    return {
      ...rest,
      database: { url: database.url ? 'set' : 'embedded', poolSize: database.poolSize },
      redis: { url: redis.url ? 'set' : 'none' },
      admin: { username: admin.username },
      mail: { smtpUrl: mail.smtpUrl ? 'set' : 'none', from: mail.from },
      tenants: {
        databaseUrl: tenants.databaseUrl ? 'set' : 'none',
        redisUrl: tenants.redisUrl ? 'set' : 'none',
      },
    };
  }

  [inspect.custom](): unknown {
    return this.toJSON();
  }
}

function defaultOf(name: string, setting: Setting<unknown>, cluster: boolean): string | null {
  if (cluster && name === 'listen') return '0.0.0.0:8080';
  return setting.default;
}

/** On one's own machine everything comes from one address, and programs are tried in loops. */
function profileOf({ listen, trustedProxies }: Values, cluster: boolean): RateProfile {
  const isOwnMachine = !cluster && isLoopback(listen.host) && trustedProxies === null;
  return isOwnMachine ? 'development' : 'production';
}

function listenOf(text: string): Listen {
  return listenSchema.parse(text);
}

/**
 * Names that are not ours to judge: those of the agent and the command line, which may run in the
 * same shell, and what Kubernetes sets in every pod for a service that is called `tidegate…`.
 */
const NAMES_OF_OTHERS = [
  /^TIDEGATE_(ENROLLMENT_TOKEN|URL|SERVER|TOKEN|TENANT|CA)$/,
  /^TIDEGATE_(\w+_)?SERVICE_(HOST|PORT)(_\w+)?$/,
  /^TIDEGATE_(\w+_)?PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/,
];

function unknownNames(environment: Environment): string[] {
  const known: string[] = Object.values(settings).map((setting) => setting.env);
  return Object.keys(environment)
    .filter((name) => name.startsWith('TIDEGATE_') && !known.includes(name))
    .filter((name) => !NAMES_OF_OTHERS.some((pattern) => pattern.test(name)))
    .map((name) => {
      const near = nearestName(name, known);
      const advice = near ? `did you mean ${near}?` : 'see docs/configuration.md for the names.';
      return `${name.slice(0, 80)} is not a setting of Tidegate: ${advice}`;
    });
}

const NEEDED_BY_CLUSTERS = [
  'databaseUrl',
  'redisUrl',
  'signingKeyFile',
  'agentKeyFile',
  'sealingKeyFile',
  'auditKeyFile',
] as const;

/** What is wrong with settings that are right one by one. */
function contradictions(values: Values, environment: Environment): string[] {
  const problems = [...mailProblems(values), ...tlsProblems(values)];
  if (values.mode === 'cluster') {
    for (const name of NEEDED_BY_CLUSTERS) {
      if (values[name] === null) problems.push(`Cluster mode needs ${settings[name].env}: set it.`);
    }
    if (values.demo) problems.push('Demo mode is for standalone mode only: unset TIDEGATE_DEMO.');
    return problems;
  }
  if (!values.demo) return problems;
  if (values.databaseUrl !== null) {
    problems.push('Demo mode brings its own database: unset DATABASE_URL or TIDEGATE_DEMO.');
  }
  if (environment['NODE_ENV'] === 'production') {
    problems.push(
      'Demo mode has well-known passwords: unset NODE_ENV=production or TIDEGATE_DEMO.',
    );
  }
  if (!isLoopback(values.listen.host)) {
    problems.push(
      'Demo mode has well-known passwords: let TIDEGATE_LISTEN be 127.0.0.1 or unset TIDEGATE_DEMO.',
    );
  }
  return problems;
}

function mailProblems({ mode, smtpUrl, smtpPasswordFile, mailFrom, publicUrl }: Values): string[] {
  const problems: string[] = [];
  if (smtpUrl !== null) {
    const { mailFrom: from, publicUrl: origin } = settings;
    if (mailFrom === null) problems.push(`Mail needs a sender: set ${from.env}.`);
    if (publicUrl === null) problems.push(`Mails have links in them: set ${origin.env}.`);
    const { username, password } = new URL(smtpUrl);
    if (smtpPasswordFile !== null && password !== '') {
      problems.push(
        'There are two passwords for the mail server: remove the one in TIDEGATE_SMTP_URL.',
      );
    }
    if (username === '' && (smtpPasswordFile !== null || password !== '')) {
      problems.push(
        'There is a password for the mail server, but no user: name it in TIDEGATE_SMTP_URL.',
      );
    }
  }
  if (mode === 'cluster' && publicUrl?.startsWith('http:')) {
    problems.push('TIDEGATE_PUBLIC_URL must be https in cluster mode.');
  }
  return problems;
}

function tlsProblems({ tlsCert, tlsKey, plainListen }: Values): string[] {
  if ((tlsCert === null) !== (tlsKey === null)) {
    return [
      'TLS needs both the certificate and its key: set TIDEGATE_TLS_CERT and TIDEGATE_TLS_KEY.',
    ];
  }
  if (plainListen !== null && tlsCert === null) {
    return [
      'TIDEGATE_PLAIN_LISTEN is beside a listener with TLS: set TIDEGATE_TLS_CERT and TIDEGATE_TLS_KEY, or unset it.',
    ];
  }
  return [];
}

export function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host === 'localhost';
}
