// Fails when the page's first load takes more JavaScript than the design allows. All scripts count, also those that
// are loaded later, as the event stream's: so far there is room for them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const most = 60 * 1024;
const dist = join(import.meta.dirname, '..', 'dist');

const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.js'),
);
if (scripts.length === 0) {
  console.error('There is no built page: run "npm run build" first.');
  process.exit(1);
}

let total = 0;
for (const name of scripts) {
  const size = gzipSync(readFileSync(join(dist, name)), { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(7)} bytes  ${name}`);
}
console.log(`${String(total).padStart(7)} bytes of JavaScript, compressed; ${most} are allowed.`);
if (total > most) {
  process.exit(1);
}
