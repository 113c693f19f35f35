/** How to reach PostgreSQL as one role. `host` may be the folder of a Unix socket. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** `SET ROLE` after connecting: one login that is a member of every role. */
  readonly role?: string;
  readonly tls?: boolean;
}

/**
 * Reads `postgres://user:password@host:port/database?sslmode=require`.
 * Throws Error with a sentence that does not repeat the password.
 */
export function connectionOptionsOf(url: string, role?: string): ConnectionOptions {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Error('not a PostgreSQL URL: write postgres://user:password@host:5432/database');
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new Error('not a PostgreSQL URL: it must start with postgres://');
  }
  const sslmode = parsed.searchParams.get('sslmode');
  return {
    host: parsed.searchParams.get('host') ?? decodeURIComponent(parsed.hostname || 'localhost'),
    port: Number(parsed.port || 5432),
    database: decodeURIComponent(parsed.pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(parsed.username) || 'postgres',
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(role ? { role } : {}),
    ...(sslmode && sslmode !== 'disable' ? { tls: true } : {}),
  };
}
