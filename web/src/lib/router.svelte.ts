import { routeOf } from './routes';
import type { Route } from './routes';

/** The page's own small router: the address as a rune, and links that do not load the page anew. */
class Router {
  #route = $state.raw<Route>(routeOf(location.pathname, location.search));

  constructor() {
    addEventListener('popstate', () => {
      this.#read();
    });
    addEventListener('click', (event) => {
      this.#click(event);
    });
  }

  get route(): Route {
    return this.#route;
  }

  go(path: string, { replace = false } = {}): void {
    if (path !== location.pathname + location.search) {
      if (replace) history.replaceState(null, '', path);
      else history.pushState(null, '', path);
    }
    this.#read();
  }

  #read(): void {
    this.#route = routeOf(location.pathname, location.search);
  }

  #click(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link?.target !== '' || link.origin !== location.origin || link.hash !== '') return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

export const router = new Router();
