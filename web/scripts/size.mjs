// Fails when the way into a room, or to the log-in, takes more JavaScript than the design allows: the scripts that index.html
// names, those that the view needs, and what they import. What is loaded later is listed, and does not count.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { ownScripts, withImports } from './shell.mjs';

/**
 * The views that people come by, how many bytes they may take, and the parts that are loaded for them. A room's part comes
 * while the page asks the server who is there; parts of their own cost a room some 3 kB, and spare the log-in 13.
 */
const views = {
  'a room': { most: 64_000, parts: ['RoomPlace'] },
  'the log-in': { most: 60_000, parts: ['LogIn'] },
};
const dist = join(import.meta.dirname, '..', 'dist');
/** @param {string} name */
const read = (name) => readFileSync(join(dist, name));

const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.js'));
if (scripts.length === 0) {
  console.error('There is no built page: run "npm run build" first.');
  process.exit(1);
}

/** @param {string} part */
const scriptOf = (part) => {
  const found = scripts.find((name) => new RegExp(`^assets/${part}-[\\w-]{8}\\.js$`).test(name));
  if (!found)
    throw new Error(`There is no script of ${part}: the views that size.mjs counts are others now.`);
  return found;
};

const named = ownScripts(dist);
const ways = Object.entries(views).map(([view, { most, parts }]) => ({
  view,
  most,
  way: withImports(dist, [...named, ...parts.map(scriptOf)]),
}));

const sizes = new Map(scripts.map((name) => [name, gzipSync(read(name), { level: 9 }).length]));
for (const [name, size] of sizes) {
  const of = ways.filter(({ way }) => way.has(name)).map(({ view }) => view);
  console.log(`${String(size).padStart(7)} bytes  ${name} (${of.join(', ') || 'later'})`);
}
for (const { view, most, way } of ways) {
  const total = [...way].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  console.log(
    `${String(total).padStart(7)} bytes of JavaScript to ${view}, compressed; ${most} are allowed.`,
  );
  if (total > most) process.exitCode = 1;
}
