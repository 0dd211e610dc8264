import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { chromium, type Browser } from 'playwright-core';

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

/** What keeps a browser from looking for company, and lets it run in a container. */
export const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser with a fresh profile, and more flags. Each person in a test may have one of their own. */
export async function launch(...more: string[]): Promise<Browser> {
  return await chromium.launch({
    executablePath: chrome(),
    headless: true,
    args: [...flags, ...more],
  });
}
