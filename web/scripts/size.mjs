// Fails when the way into a room, or to the log-in, takes more JavaScript than the design allows: the scripts that index.html
// names, those that the view needs, what they import, and the script of the thread that has the connection. What is loaded
// later is listed, and does not count.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { brotli } from './pack.mjs';
import { ownScripts, withImports } from './shell.mjs';

/**
 * The views that people come by, the parts that are loaded for them, and how many bytes they may take: by gzip, which is what
 * every browser gets, and by Brotli, which it takes over HTTPS and from the machine itself. A room's part comes while the page
 * asks the server who is there; parts of their own cost a room some 2 kB, and spare the log-in 13. A page over plain HTTP has
 * the connection itself: what it loads for that instead of the thread is less.
 */
const views = {
  'a room': { brotli: 55_000, gzip: 60_000, parts: ['RoomPlace', 'shared'] },
  'the log-in': { brotli: 38_000, gzip: 42_500, parts: ['LogIn'] },
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
const ways = Object.entries(views).map(([view, { parts, ...most }]) => ({
  view,
  most,
  way: withImports(dist, [...named, ...parts.map(scriptOf)]),
}));

/** @type {[keyof (typeof ways)[0]['most'], (body: Buffer) => number][]} */
const codings = [
  ['brotli', (body) => brotli(body).length],
  ['gzip', (body) => gzipSync(body, { level: 9 }).length],
];
const sizes = new Map(
  scripts.map((name) => [name, codings.map(([coding, size]) => ({ coding, size: size(read(name)) }))]),
);
for (const [name, each] of sizes) {
  const of = ways.filter(({ way }) => way.has(name)).map(({ view }) => view);
  const bytes = each.map(({ coding, size }) => `${String(size).padStart(7)} by ${coding}`).join(',');
  console.log(`${bytes}  ${name} (${of.join(', ') || 'later'})`);
}
for (const { view, most, way } of ways) {
  for (const [coding] of codings) {
    const total = [...way].reduce(
      (sum, name) => sum + (sizes.get(name)?.find((one) => one.coding === coding)?.size ?? 0),
      0,
    );
    console.log(
      `${String(total).padStart(7)} bytes of JavaScript to ${view}, compressed by ${coding}; ${most[coding]} are allowed.`,
    );
    if (total > most[coding]) process.exitCode = 1;
  }
}
