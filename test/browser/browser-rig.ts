/** A real browser, installed or found, with windows of people who have nothing to do with each other. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { foreignProgram } from '../support/installed-program.js';

const AXE = createRequire(join(process.cwd(), 'package.json')).resolve('axe-core/axe.min.js');
/** Of what other tests are doing on the same processors, too. */
export const SEEN_MS = 30_000;

export interface WindowOptions {
  readonly width?: number;
  readonly height?: number;
  readonly isDark?: boolean;
}

export class BrowserRig {
  /** What no page may do, with the window that did it. */
  readonly faults: string[] = [];
  private readonly contexts: BrowserContext[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly url: string,
  ) {}

  static async start(url: string): Promise<BrowserRig> {
    if (!existsSync(resolve('dist/dashboard/index.html'))) {
      throw new Error('The dashboard has not been built: run `npm run build` first.');
    }
    const executablePath = await foreignProgram({ name: 'chromium', package: 'chromium' });
    // A page that grows without end dies here, and not the machine.
    const args = ['--no-sandbox', '--js-flags=--max-old-space-size=256'];
    const browser = await chromium.launch({ executablePath, args });
    return new BrowserRig(browser, url);
  }

  /** A window with cookies of its own. */
  async window(options: WindowOptions = {}): Promise<Page> {
    const { width = 1280, height = 860, isDark = false } = options;
    const context = await this.browser.newContext({
      baseURL: this.url,
      viewport: { width, height },
      colorScheme: isDark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    this.contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(SEEN_MS);
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => {
      if (/Content.Security.Policy/i.test(message.text())) this.faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(this.url)) this.faults.push(`asked ${request.url()}`);
    });
    return page;
  }

  async signedIn(username: string, password: string, options?: WindowOptions): Promise<Page> {
    const page = await this.window(options);
    await page.goto('/');
    await signIn(page, username, password);
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}

export async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('Username or e-mail address').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe calls serious or critical, each with the element at fault. */
export async function accessFaults(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no script in, and is to stay as it is.
  await page.evaluate(await axeText());
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: Violation[] }> };
    };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

let axe: string | undefined;
async function axeText(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  axe ??= `${await readFile(AXE, 'utf8')}; undefined`;
  return axe;
}

/** All that a script of the page could read and send elsewhere. */
export function readable(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { document, localStorage, sessionStorage } = globalThis as unknown as {
      document: { cookie: string; documentElement: { outerHTML: string } };
      localStorage: object;
      sessionStorage: object;
    };
    return [
      document.cookie,
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.documentElement.outerHTML,
    ].join('\n');
  });
}

/** A picture for whoever wants to look, in the folder that `TIDEGATE_SHOTS` names; else nothing. */
export async function shot(page: Page, name: string, path?: string): Promise<void> {
  const folder = process.env['TIDEGATE_SHOTS'];
  if (folder === undefined) return;
  if (path !== undefined) {
    await page.goto(path);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.waitForLoadState('networkidle');
  }
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
