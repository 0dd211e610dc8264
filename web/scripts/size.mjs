// Fails when the page's first load takes more JavaScript than the design allows: the scripts that index.html names, and
// what they import. What is loaded later is listed, and does not count.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { firstScripts } from './shell.mjs';

const most = 60 * 1024;
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

const first = firstScripts(dist);

let total = 0;
for (const name of scripts) {
  const size = gzipSync(read(name), { level: 9 }).length;
  if (first.has(name)) total += size;
  console.log(`${String(size).padStart(7)} bytes  ${name}${first.has(name) ? '' : ' (later)'}`);
}
console.log(`${String(total).padStart(7)} bytes of JavaScript, compressed; ${most} are allowed.`);
if (total > most) {
  process.exit(1);
}
