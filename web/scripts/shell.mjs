// The service worker's list of files: those that the page opens with, found in what was built, and the words of the languages.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Which files beside the scripts the page opens with. */
const beside = /^(?:favicon\.svg|manifest\.webmanifest|theme\.js|assets\/(?:index|ar)-.*\.(?:css|js))$/;

/**
 * The scripts that a page imports before it shows anything, by their names below `dist`.
 * @param {string} dist
 * @returns {Set<string>}
 */
export function firstScripts(dist) {
  /** @param {string} name */
  const read = (name) => readFileSync(join(dist, name), 'utf8');
  /** @type {Set<string>} */
  const first = new Set();
  const waiting = [...read('index.html').matchAll(/(?:src|href)="\/([^"]+\.js)"/g)].map(
    ([, name = '']) => name,
  );
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (first.has(name)) continue;
    first.add(name);
    // An import that waits has a bracket before its name.
    for (const [, path = ''] of read(name).matchAll(/\b(?:import|from)\s*["'](\.{1,2}\/[^"']+\.js)["']/g)) {
      waiting.push(posix.join(posix.dirname(name), path));
    }
  }
  return first;
}

/**
 * Writes the list into the worker that was built.
 * @param {string} dist
 */
export function writeShell(dist) {
  const all = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  );
  const names = [...new Set([...firstScripts(dist), ...all.filter((name) => beside.test(name))])].sort();
  const hash = createHash('sha256');
  for (const name of ['index.html', ...names]) hash.update(name).update(readFileSync(join(dist, name)));
  const shell = {
    version: hash.digest('hex').slice(0, 12),
    files: ['/', ...names.map((name) => `/${name}`)],
  };
  const worker = join(dist, 'sw.js');
  // The worker has no names of its own outside.
  writeFileSync(
    worker,
    `(() => {\nconst SHELL = ${JSON.stringify(shell)};\n${readFileSync(worker, 'utf8')}})();\n`,
  );
}
