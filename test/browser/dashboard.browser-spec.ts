/** The dashboard as people use it: a real browser, a real platform, real agents. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Client } from '../support/client.js';
import { freePort } from '../support/free-port.js';
import { nodeOffsets } from '../support/nodes.js';
import { TestService, Traffic } from '../support/service.js';
import { ADMIN_PASSWORD, quickGate, Tidegate } from '../support/tidegate.js';
import { accessFaults, BrowserRig, readable, shot, signIn } from './browser-rig.js';

jest.setTimeout(180_000);

const NODES = 3;
const PASSWORD = 'five boats on a lake';
const passwordOf = (name: string) => (name === 'admin' ? ADMIN_PASSWORD : PASSWORD);
const TOKEN = /tg[a-z]?_[0-9a-f]{16}|eyJ[\w-]{20,}/;

let tidegate: Tidegate;
let rig: BrowserRig;
/** Who may loosen a gate, for the sake of time. */
let admin: Client;
let service: TestService;
let traffic: Traffic;

beforeAll(async () => {
  tidegate = await Tidegate.start();
  await join('carla', 'Admin');
  await join('deployer', 'Deployer');
  await join('viewer', 'Viewer');
  rig = await BrowserRig.start(tidegate.url);
  admin = await tidegate.client();
});

afterAll(async () => {
  await traffic?.stop();
  await rig?.close();
  await tidegate?.stop();
});

/** By an invitation, as people come. */
async function join(username: string, role: string): Promise<void> {
  const inviter = await tidegate.client();
  const invitation = { email: `${username}@example.org`, roles: [{ role }] };
  const { status, body } = await inviter.post('/users/invitations', invitation);
  expect({ status, body }).toMatchObject({ status: 201 });
  const token = (body.link as string).split('#')[1];
  const answer = await inviter.post('/authentication/invitations/accept', {
    token,
    username,
    password: PASSWORD,
  });
  expect(answer.status).toBe(200);
}

const as = (name: string, options = {}) => rig.signedIn(name, passwordOf(name), options);

async function deploy(version: string, more: object = {}): Promise<string> {
  const { status, body } = await admin.post('/deployments', {
    moduleName: 'payments',
    version,
    targetEnvironment: 'Development',
    ...more,
  });
  expect({ status, body }).toMatchObject({ status: 202 });
  return body.id as string;
}

const canary = {
  strategy: { kind: 'canary', wavesPercent: [34, 100] },
  gate: { ...quickGate, minWaitMs: 6_000 },
};
const ended = (id: string, status: string) =>
  admin.until<{ status: string }>(`/deployments/${id}`, (one) => one.status === status, 90_000);

describe('an empty tenant', () => {
  it('says how the first deployment comes about', async () => {
    const page = await as('deployer');
    await page.getByRole('heading', { name: 'Your first deployment, in three steps' }).waitFor();
    expect(await page.getByText('npx tidegate deploy').isVisible()).toBe(true);
    expect(await page.title()).toBe('Overview · Tidegate');
    await page.context().close();
  });
});

describe('signing in', () => {
  it('says what is wrong, and leads back to where one was going', async () => {
    const page = await rig.window();
    await page.goto('/deployments?status=Failed');
    await page.getByLabel('Username or e-mail address').fill('deployer');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').waitFor();
    await signIn(page, 'deployer', passwordOf('deployer'));
    await page.getByText('None is like that.').waitFor();
    expect(new URL(page.url()).search).toBe('?status=Failed');
    await page.context().close();
  });

  it('leaves no token where a script could read it', async () => {
    const page = await as('deployer');
    expect(await readable(page)).not.toMatch(TOKEN);
    const [cookie] = await page.context().cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie!.value).toMatch(TOKEN);
    await page.context().close();
  });
});

describe('a rollout', () => {
  beforeAll(async () => {
    const nodes = await tidegate.addNodes(NODES, { environment: 'Development' });
    service = new TestService(admin, 'payments', await freePort(nodeOffsets(NODES)));
    for (const version of ['1.0.0', '2.0.0']) await service.push(version);
    await service.push('2.1.0', { errorRate: 0.5 });
    await ended(await deploy('1.0.0', { strategy: { kind: 'direct' } }), 'Succeeded');
    traffic = new Traffic(nodes, service.port);
  });

  it('that wants an approval is approved by another person, and watched to its end', async () => {
    const mine = await as('admin');
    await mine.getByRole('heading', { name: 'In flight' }).waitFor();
    const id = await deploy('2.0.0', { ...canary, requireApproval: true });
    // Nobody loads the page again: it hears of it.
    await mine.getByRole('link', { name: /Approve payments 2\.0\.0/ }).click();
    await mine.getByRole('button', { name: 'Approve' }).waitFor();
    expect(await mine.getByRole('button', { name: 'Approve' }).getAttribute('aria-disabled')).toBe(
      'true',
    );
    const theirs = await as('carla');
    await theirs.goto(`/approvals/${id}`);
    await theirs.getByText('1.0.0').first().waitFor();
    await shot(theirs, 'approval');
    await theirs.getByRole('button', { name: 'Approve' }).click();
    await theirs.getByRole('heading', { name: 'Decided' }).waitFor();
    await mine.getByRole('link', { name: 'The deployment' }).click();
    await mine.getByRole('listitem').filter({ hasText: 'Wave 1' }).first().waitFor();
    await mine.getByRole('heading', { name: 'The open gate' }).waitFor();
    await mine.getByText('Latency p95', { exact: true }).waitFor();
    await shot(mine, 'deployment');
    await shot(theirs, 'overview', '/');
    await mine.getByText('Succeeded').first().waitFor({ timeout: 90_000 });
    await mine.getByRole('tab', { name: 'Journal' }).click();
    await mine.getByRole('region', { name: /Journal, \d+ entries/ }).waitFor();
    expect(new URL(mine.url()).search).toBe('?tab=journal');
    await mine.context().close();
    await theirs.context().close();
  });

  it('that is bad goes back, and the page says why, with the figures', async () => {
    const page = await as('deployer');
    const id = await deploy('2.1.0', canary);
    await page.goto(`/deployments/${id}`);
    await page.getByText('Rolled back').first().waitFor({ timeout: 90_000 });
    await page.getByRole('heading', { name: 'The verdict, and its evidence' }).waitFor();
    await page.getByRole('heading', { name: 'The way back' }).waitFor();
    await shot(page, 'rolled-back');
    await page.goto('/');
    const wrong = page.getByRole('region', { name: 'Went wrong last' });
    await wrong.getByText('2.1.0').waitFor();
    await shot(page, 'deployments', '/deployments');
    await page.context().close();
  });

  it('is paused, resumed and cancelled with a reason by whoever may', async () => {
    const page = await as('deployer');
    const id = await deploy('1.0.0', { ...canary, gate: { ...quickGate, minWaitMs: 50_000 } });
    await page.goto(`/deployments/${id}`);
    await page.getByRole('heading', { name: 'The open gate' }).waitFor();
    const ask = async (verb: string, why: string) => {
      await enabled(page, verb);
      await page.getByRole('button', { name: verb, exact: true }).click();
      await page.getByRole('dialog').getByRole('textbox').fill(why);
      await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await ask('Pause', 'lunch');
    await page.getByText('Paused', { exact: true }).first().waitFor();
    await ask('Resume', 'back from lunch');
    await page.getByText('Running', { exact: true }).first().waitFor();
    await ask('Cancel', 'not today');
    await page.getByText('Cancelled', { exact: true }).first().waitFor({ timeout: 60_000 });
    const { body } = await admin.get(`/deployments/${id}/events?limit=200`);
    expect(JSON.stringify(body)).toContain('back from lunch');
    await page.context().close();
  });

  it('shows a viewer each verb, and none that may be used, with the reason', async () => {
    const { body } = await admin.get('/deployments?limit=1');
    const page = await as('viewer');
    await page.goto(`/deployments/${body.items[0].id}`);
    const verbs = page.getByRole('group', { name: 'Verbs' }).getByRole('button');
    await verbs.first().waitFor();
    await page.getByTitle(/^You may not retry here/).waitFor();
    await page.getByTitle(/^You may not roll back here/).waitFor();
    expect(await verbs.count()).toBe(2);
    for (const verb of await verbs.all()) {
      expect(await verb.getAttribute('aria-disabled')).toBe('true');
      await verb.click({ force: true });
    }
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.context().close();
  });
});

/** A verb is offered as soon as the page has heard that it may be asked for. */
async function enabled(page: Page, verb: string): Promise<void> {
  await page
    .getByRole('button', { name: verb, exact: true })
    .and(page.locator(':not([aria-disabled])'))
    .waitFor();
}

describe('a session', () => {
  it('that is ended in one window is over in the other, which asks to sign in', async () => {
    const [mine, lost] = [await as('viewer'), await as('viewer')];
    await lost.getByText('Live', { exact: true }).waitFor();
    await mine.getByRole('button', { name: /viewer/ }).click();
    await mine.getByRole('menuitem', { name: 'Your sessions' }).click();
    const others = mine.getByRole('dialog').getByRole('button', { name: 'End', exact: true });
    await others.first().waitFor();
    const began = performance.now();
    await others.first().click();
    await lost.getByRole('heading', { name: 'Sign in to Tidegate' }).waitFor();
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(await mine.getByText('Live', { exact: true }).isVisible()).toBe(true);
    await mine.context().close();
    await lost.context().close();
  });

  it('ends with a sign-out', async () => {
    const page = await as('viewer');
    await page.getByRole('button', { name: /viewer/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Tidegate' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.context().close();
  });
});

describe('every page', () => {
  async function paths(): Promise<string[]> {
    const { body } = await admin.get('/deployments?limit=1');
    const { id } = body.items[0] as { id: string };
    const { body: asked } = await admin.get('/deployments?status=Succeeded&limit=1');
    const approved = (asked.items[0] as { id: string }).id;
    return [
      '/',
      '/deployments',
      `/deployments/${id}`,
      `/deployments/${id}?tab=journal`,
      `/deployments/${id}?tab=plan`,
      '/approvals',
      `/approvals/${approved}`,
    ];
  }

  it.each([
    ['light', false],
    ['dark', true],
  ])('can be used by everybody, %s', async (_theme, isDark) => {
    const out = await rig.window({ isDark });
    await out.goto('/sign-in');
    await out.getByRole('heading', { name: 'Sign in to Tidegate' }).waitFor();
    const faults = (await accessFaults(out)).map((fault) => `/sign-in ${fault}`);
    await out.context().close();
    const page = await as('admin', { isDark });
    for (const path of await paths()) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      if (isDark) await shot(page, `dark-${path.replaceAll(/\W+/g, '-').slice(0, 20)}`);
      faults.push(...(await accessFaults(page)).map((fault) => `${path} ${fault}`));
    }
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('fits a phone', async () => {
    const page = await as('admin', { width: 390, height: 800 });
    for (const path of await paths()) {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const over = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect([path, over]).toEqual([path, 0]);
    }
    await page.context().close();
  });

  it('is reached by keys alone', async () => {
    const page = await as('admin');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByPlaceholder('A page, a module, an action').fill('approv');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Approvals' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.context().close();
  });

  it('keeps to its policy, asks nobody else, and throws nothing', () => {
    expect(rig.faults).toEqual([]);
  });
});
