import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The binary under test: what EARSHOT says, else the one that `make build` made. */
export function binary(): string {
  const said = process.env['EARSHOT'];
  const name = process.platform === 'win32' ? 'earshot.exe' : 'earshot';
  const path = said ?? resolve(import.meta.dirname, '../../bin', name);
  if (!existsSync(path)) throw new Error(`${path} is not there: run "make build" first, or "make e2e".`);
  return path;
}

/** A name and a password for a user that the command line makes. */
export interface NewUser {
  name: string;
  password: string;
  admin?: boolean;
}

/** What still runs when the tests end, by whatever way, is ended with them. */
const running = new Set<ChildProcess>();
function reap(): void {
  for (const child of running) child.kill('SIGKILL');
}
process.on('exit', reap);
// A process that is ended by a signal, as a worker of the tests may be, tells nobody of its exit.
process.once('SIGTERM', () => {
  reap();
  process.kill(process.pid, 'SIGTERM');
});

/** One server with a data directory of its own, that can be stopped and started again in its place. */
export class Server {
  readonly data: string;
  /** Settings by environment variable. */
  readonly #env: Record<string, string>;
  #process: ChildProcess | undefined;
  #output = '';
  #address = '';

  private constructor(data: string, env: Record<string, string>) {
    this.data = data;
    this.#env = env;
  }

  /** Makes the data directory and starts a server on a free port. */
  static async start(env: Record<string, string> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'earshot-e2e-')), env);
    await server.restart();
    return server;
  }

  /** Everything that the server has printed, of all its starts. */
  get output(): string {
    return this.#output;
  }

  get url(): string {
    return `${this.#env['EARSHOT_TLS_DEV'] === 'true' ? 'https' : 'http'}://${this.#address}`;
  }

  /** Starts the server, where it listened before if it did, and returns when it says that it listens. */
  async restart(): Promise<void> {
    const listen = this.#address === '' ? '127.0.0.1:0' : this.#address;
    const child = spawn(binary(), ['serve', '--listen', listen, '--data', this.data], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const from = this.#output.length;
    await new Promise<void>((done, fail) => {
      const read = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        const address = /\blistening\b.*\baddress=(\S+)\s/.exec(this.#output.slice(from))?.[1];
        if (address === undefined) return;
        this.#address = address;
        done();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', fail);
      child.once('exit', (code) => {
        fail(new Error(`the server ended with ${code} before it listened:\n${this.#output.slice(from)}`));
      });
    });
  }

  /** Stops the server as a service manager does, and returns its exit code; or as a power cut does, with SIGKILL. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.#process;
    if (!child) return null;
    this.#process = undefined;
    if (child.exitCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((done) => child.once('exit', done));
    child.kill(signal);
    return await ended;
  }

  /** Stops the server and removes its data. */
  async end(): Promise<void> {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }

  /** Runs a subcommand of the binary on the server's data, with what it reads from standard input. */
  async run(args: string[], input = ''): Promise<string> {
    return await new Promise((done, fail) => {
      const child = execFile(
        binary(),
        [...args, '--data', this.data],
        { env: { ...process.env, ...this.#env } },
        (err, out, said) => {
          if (err) fail(new Error(`earshot ${args.join(' ')}: ${said}`, { cause: err }));
          else done(out);
        },
      );
      // A command that reads nothing may be over before this is written, where the machine is busy; how it ended is told above.
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  /** Makes a user by the command line. */
  async createUser(user: NewUser): Promise<void> {
    const admin = user.admin === true ? ['--admin'] : [];
    await this.run(['user', 'create', ...admin, '--password-stdin', user.name], `${user.password}\n`);
  }

  /** The names of the files under the data directory that hold a text, and of the server's output if that does. */
  async whoHolds(text: string): Promise<string[]> {
    const found = this.#output.includes(text) ? ['(output)'] : [];
    for (const entry of await readdir(this.data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if ((await readFile(path)).includes(text)) found.push(path);
    }
    return found;
  }
}
