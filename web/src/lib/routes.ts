/** The pages there are. A room is named in its address; the server answers every one of them with the same file. */
export type Route =
  | { page: 'home' }
  | { page: 'room'; name: string }
  | { page: 'login'; next: string }
  | { page: 'forgot' | 'reset' | 'confirm' | 'device' }
  | { page: 'signup'; invitation: string }
  | { page: 'setup' }
  | { page: 'settings'; section: string }
  | { page: 'admin'; section: string }
  | { page: 'privacy' };

export function routeOf(path: string, search: string): Route {
  if (path === '/login') return { page: 'login', next: new URLSearchParams(search).get('next') ?? '' };
  if (path === '/forgot' || path === '/reset' || path === '/confirm') {
    return { page: path === '/forgot' ? 'forgot' : path === '/reset' ? 'reset' : 'confirm' };
  }
  if (path === '/device') return { page: 'device' };
  if (path === '/setup') return { page: 'setup' };
  if (path === '/privacy') return { page: 'privacy' };
  if (path === '/signup')
    return { page: 'signup', invitation: new URLSearchParams(search).get('invitation') ?? '' };
  const [, page, section = ''] = /^\/(settings|admin)(?:\/([^/]*))?\/?$/.exec(path) ?? [];
  if (page === 'settings' || page === 'admin') return { page, section };
  // Whatever follows is a name: one that no room can have is told to be none.
  const room = /^\/rooms\/(.+?)\/?$/.exec(path)?.[1];
  if (room !== undefined) {
    try {
      return { page: 'room', name: decodeURIComponent(room) };
    } catch {
      return { page: 'room', name: room };
    }
  }
  return { page: 'home' };
}

export const roomPath = (name: string): string => `/rooms/${encodeURIComponent(name)}`;
