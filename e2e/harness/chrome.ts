import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium, type Browser, type BrowserServer } from 'playwright-core';
import { inject } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** Where browsers are that no PATH names. */
function usualPlaces(env: NodeJS.ProcessEnv): string[] {
  switch (process.platform) {
    case 'darwin':
      return ['/Applications', join(env['HOME'] ?? '', 'Applications')].flatMap((folder) => [
        join(folder, 'Google Chrome.app/Contents/MacOS/Google Chrome'),
        join(folder, 'Chromium.app/Contents/MacOS/Chromium'),
      ]);
    case 'win32':
      return [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']].flatMap((folder) =>
        folder === undefined ? [] : [join(folder, 'Google/Chrome/Application/chrome.exe')],
      );
    default:
      return (env['PATH'] ?? '')
        .split(delimiter)
        .flatMap((folder) => names.map((name) => join(folder, name)));
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of the browser that the tests drive: what CHROME says, else one that is installed. */
export function chrome(): string {
  const said = process.env['CHROME'];
  if (said !== undefined && said !== '') return said;
  const found = usualPlaces(process.env).find(executable);
  if (found === undefined) {
    throw new Error(
      'No Chromium or Chrome was found. Install one, or say where it is: CHROME=/path/to/chrome',
    );
  }
  return found;
}

/**
 * What is switched off in a browser: what Playwright switches off of that which concerns a page, because the last list
 * counts, and two pages of the address bar's own, which each profile would start although nobody sees them: they cost more
 * than what most tests do.
 */
const without = [
  'HttpsUpgrades',
  'MediaRouter',
  'OptimizationHints',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxPopup',
];

/** What keeps a browser from looking for company, and lets it run in a container. */
export const flags = [
  `--disable-features=${without.join()}`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const options = (more: string[] = []): { executablePath: string; headless: true; args: string[] } => ({
  executablePath: chrome(),
  headless: true,
  args: [...flags, ...more],
});

/** Starts a browser of one's own with a fresh profile, and more flags. */
export async function launch(...more: string[]): Promise<Browser> {
  return await chromium.launch(options(more));
}

/** Starts a browser that others connect to. */
export async function serve(): Promise<BrowserServer> {
  return await chromium.launchServer(options());
}

/** Two browsers: those that all tests share or, where nothing shares any, two of one's own. Closing one closes one's profiles. */
export async function browsers(): Promise<Browser[]> {
  const shared = inject('browsers') as string[] | undefined;
  return await Promise.all(shared?.map((place) => chromium.connect(place)) ?? [launch(), launch()]);
}
