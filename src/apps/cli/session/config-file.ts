import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError } from '../exit-codes.js';

/** One server and one identity on it. */
export interface SavedContext {
  readonly server: string;
  readonly username: string;
  readonly tenant: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface ConfigContent {
  readonly version: 1;
  /** The context that is used when none is named. */
  readonly current: string;
  readonly contexts: Readonly<Record<string, SavedContext>>;
}

export const DEFAULT_CONTEXT = 'default';
const EMPTY: ConfigContent = { version: 1, current: DEFAULT_CONTEXT, contexts: {} };
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** The tokens of the contexts. Only the owner may read the file; others' eyes make it refused. */
export class ConfigFile {
  constructor(readonly path: string) {}

  async read(): Promise<ConfigContent> {
    let text: string;
    try {
      await this.checkMode();
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw error;
    }
    const content = parsed(text);
    if (content) return content;
    throw new CliError(`${this.path} is damaged. Remove it and sign in again: tidegate login`);
  }

  /** Undefined: there is no such context, or none at all. */
  async context(name: string | undefined): Promise<SavedContext | undefined> {
    const { contexts, current } = await this.read();
    const wanted = name ?? current;
    const found = Object.hasOwn(contexts, wanted) ? contexts[wanted] : undefined;
    if (found || name === undefined) return found;
    const known = Object.keys(contexts).join(', ') || 'none';
    throw new CliError(
      `There is no context "${name}" (known: ${known}). Make it: tidegate login --context ${name}`,
    );
  }

  async save(name: string, context: SavedContext): Promise<void> {
    if (!NAME.test(name)) {
      throw new CliError('A context is named by letters, digits, dots, - and _, at most 63.');
    }
    const { contexts } = await this.read();
    await this.write({ version: 1, current: name, contexts: { ...contexts, [name]: context } });
  }

  /** New tokens for a context that is there; what else changed meanwhile stays. */
  async renew(name: string, tokens: { accessToken: string; refreshToken: string }): Promise<void> {
    const content = await this.read();
    const context = content.contexts[name];
    if (!context) return;
    const contexts = { ...content.contexts, [name]: { ...context, ...tokens } };
    await this.write({ ...content, contexts });
  }

  async remove(name: string): Promise<void> {
    const { current, contexts } = await this.read();
    const { [name]: _removed, ...rest } = contexts;
    const next = current === name ? (Object.keys(rest)[0] ?? DEFAULT_CONTEXT) : current;
    await this.write({ version: 1, current: next, contexts: rest });
  }

  /** Whole or not at all, and never readable by others, not even for a moment. */
  private async write(content: ConfigContent): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${randomUUID()}`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path).catch(async (error: unknown) => {
      await rm(temporary, { force: true });
      throw error;
    });
  }

  private async checkMode(): Promise<void> {
    const { mode } = await stat(this.path);
    if (process.platform === 'win32' || (mode & 0o077) === 0) return;
    throw new CliError(
      `${this.path} holds tokens, and others may read it. Close it (chmod 600 ${this.path}) and, if others may have looked, sign out and in again.`,
    );
  }
}

function parsed(text: string): ConfigContent | null {
  try {
    const value = JSON.parse(text) as Partial<ConfigContent> | null;
    if (value?.version !== 1 || typeof value.current !== 'string') return null;
    const { contexts, current } = value;
    if (typeof contexts !== 'object' || contexts === null) return null;
    if (!Object.values(contexts).every(isContext)) return null;
    return { version: 1, current, contexts };
  } catch {
    return null;
  }
}

function isContext(value: unknown): value is SavedContext {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const names = ['server', 'username', 'tenant', 'accessToken', 'refreshToken'];
  return names.every((name) => typeof fields[name] === 'string');
}
