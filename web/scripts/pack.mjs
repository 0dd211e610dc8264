// Compresses what was built by Brotli, at its best, which takes too long for a server that starts: a tenth less than gzip.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** What is text. Pictures and fonts are compressed already. */
const text = /\.(?:html|js|css|svg|json|webmanifest)$/;
/** So long, in bytes, a file is at least: a shorter one is one packet anyway. The server has the same bound. */
const least = 1024;

/**
 * @param {Buffer} body
 * @returns {Buffer}
 */
export const brotli = (body) =>
  brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });

/**
 * Writes beside each file below `dist` what it becomes.
 * @param {string} dist
 */
export function writePacked(dist) {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = join(dist, name);
    if (text.test(name) && statSync(path).size >= least)
      writeFileSync(`${path}.br`, brotli(readFileSync(path)));
  }
}
