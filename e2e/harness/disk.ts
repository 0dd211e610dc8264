import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const run = promisify(execFile);

/** The forms in which a text may stand on a disk. */
const formsOf = (text: string): Buffer[] => [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];

/**
 * A folder of which everything that was ever written there can be searched: where it is allowed (root and loop devices, on
 * Linux) it is a file system of its own in a file, and so what was deleted is found, too. Elsewhere only what there is.
 */
export class Disk {
  /** Where the folder is. */
  readonly folder: string;
  readonly #home: string;
  readonly #image: string;
  #mounted: boolean;

  private constructor(home: string, folder: string, image: string, mounted: boolean) {
    this.#home = home;
    this.folder = folder;
    this.#image = image;
    this.#mounted = mounted;
  }

  static async make(): Promise<Disk> {
    const home = await mkdtemp(join(tmpdir(), 'earshot-disk-'));
    const [folder, image] = [join(home, 'folder'), join(home, 'image')];
    await mkdir(folder);
    try {
      const file = await open(image, 'w');
      await file.truncate(512 << 20);
      await file.close();
      await run('mkfs.ext4', ['-q', image]);
      await run('mount', ['-o', 'loop,sync', image, folder]);
      return new Disk(home, folder, image, true);
    } catch (error) {
      console.warn(`NOT TRIED: finding what was deleted; it needs root and loop devices: ${String(error)}`);
      return new Disk(home, folder, image, false);
    }
  }

  /** Where a text is, in either of the encodings that browsers write. What was deleted is found only after `close`. */
  async whatHolds(text: string): Promise<string[]> {
    const forms = formsOf(text);
    const found: string[] = [];
    for (const path of await this.#files()) {
      // A browser that runs removes files, too.
      const content = await readFile(path).catch(() => Buffer.alloc(0));
      if (forms.some((form) => content.includes(form))) found.push(path);
    }
    return found;
  }

  /** Has everything written, after which only `whatHolds` and `end` work. */
  async close(): Promise<void> {
    if (!this.#mounted) return;
    // A browser that has ended may have a process left that has not.
    await expect.poll(() => run('umount', [this.folder]).then(() => '', String)).toBe('');
    this.#mounted = false;
  }

  async end(): Promise<void> {
    await this.close();
    await rm(this.#home, { recursive: true, force: true });
  }

  async #files(): Promise<string[]> {
    const inside = await readdir(this.#mounted ? this.folder : this.#home, {
      recursive: true,
      withFileTypes: true,
    });
    return inside
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !this.#mounted || path !== this.#image);
  }
}
