// The service worker's list of files: those that the page opens with, found in what was built, and the words of the languages.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Which files the page opens with that index.html does not say it needs at once. */
const beside = /^(?:favicon\.svg|manifest\.webmanifest|assets\/ar-.*\.js)$/;

/**
 * The scripts of these names below `dist`, with all that they import.
 * @param {string} dist
 * @param {string[]} names
 * @returns {Set<string>}
 */
export function withImports(dist, names) {
  /** @type {Set<string>} */
  const all = new Set();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    // An import that waits has a bracket before its name.
    for (const [, path = ''] of readFileSync(join(dist, name), 'utf8').matchAll(
      /\b(?:import|from)\s*["'](\.{1,2}\/[^"']+\.js)["']/g,
    )) {
      waiting.push(posix.join(posix.dirname(name), path));
    }
  }
  return all;
}

/**
 * The scripts that index.html runs; what it has fetched ahead for another view is not among them.
 * @param {string} dist
 * @returns {string[]}
 */
export const ownScripts = (dist) => named(dist, /<script[^>]*\ssrc="\/([^"]+\.js)"/g);

/**
 * @param {string} dist
 * @param {RegExp} how
 */
const named = (dist, how) =>
  [...readFileSync(join(dist, 'index.html'), 'utf8').matchAll(how)].map(([, name = '']) => name);

/**
 * Writes the list into the worker that was built.
 * @param {string} dist
 */
export function writeShell(dist) {
  const all = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  );
  const names = [
    ...new Set([
      ...withImports(dist, ownScripts(dist)),
      ...named(dist, /<link\s+rel="stylesheet"[^>]*\shref="\/([^"]+)"/g),
      ...all.filter((name) => beside.test(name)),
    ]),
  ].sort();
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
