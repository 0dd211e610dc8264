/** Takes back what `on` did. Calling it twice does no harm. */
export type Off = () => void;

/**
 * A typed, much smaller EventTarget: listeners are called in the order in which they came, with the detail itself.
 * One that throws does not keep the others from hearing.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  on<Name extends keyof Events>(name: Name, listener: (detail: Events[Name]) => void): Off {
    let set = this.#listeners.get(name);
    if (!set) {
      set = new Set();
      this.#listeners.set(name, set);
    }
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  protected emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (detail: Events[Name]) => void)(detail);
      } catch (fault) {
        // Reported as an uncaught error, without stopping the others.
        queueMicrotask(() => {
          throw fault;
        });
      }
    }
  }
}
