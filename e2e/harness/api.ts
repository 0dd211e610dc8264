/** A room to be made, as docs/protocol.md says. */
export interface NewRoom {
  name: string;
  title?: string;
  topic?: string;
  access?: 'public' | 'staff' | 'private';
}

/** The REST API, for setting a scene: what a test is about is done in the browser. */
export class Api {
  readonly #url: string;
  #cookie = '';

  private constructor(url: string) {
    this.#url = url;
  }

  static async login(url: string, username: string, password: string): Promise<Api> {
    const api = new Api(url);
    const answer = await api.call('POST', '/login', { username, password });
    api.#cookie = (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    return api;
  }

  /** Makes a room and gives its number. */
  async createRoom(room: NewRoom): Promise<number> {
    const body = { title: room.name, topic: '', access: 'public', ...room };
    const made = (await (await this.call('POST', '/rooms', body)).json()) as { id: number };
    return made.id;
  }

  async addMember(room: number, username: string): Promise<void> {
    await this.call('PUT', `/rooms/${room}/members/${encodeURIComponent(username)}`);
  }

  async removeMember(room: number, username: string): Promise<void> {
    await this.call('DELETE', `/rooms/${room}/members/${encodeURIComponent(username)}`);
  }

  async changeRoom(room: number, change: Partial<NewRoom>): Promise<void> {
    await this.call('PATCH', `/rooms/${room}`, change);
  }

  async deleteRoom(room: number): Promise<void> {
    await this.call('DELETE', `/rooms/${room}`);
  }

  /** Makes an invitation and gives its link. */
  async invite(): Promise<string> {
    return ((await (await this.call('POST', '/invitations', {})).json()) as { url: string }).url;
  }

  /** Makes any call, and throws where it is refused. */
  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
