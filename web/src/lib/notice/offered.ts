/** What the parts of the page that are shown can be asked for, by a key or from the switcher. */
export interface Offers {
  create?: () => void;
  invite?: () => void;
  leave?: () => void;
  /** Shows or hides the people. */
  people?: () => void;
  /** Opens the search in what is on the screen. */
  search?: () => void;
  /** Goes to the end of the conversation. */
  newest?: () => void;
  /** Closes what lies before the conversation; false if there is nothing. */
  back?: () => boolean;
}

/** Each part offers its own while it is there; what was offered last counts. It is asked for, and nothing is shown of it. */
class Offered {
  readonly #all = new Set<Offers>();

  get now(): Offers {
    return Object.assign({}, ...this.#all) as Offers;
  }

  /** Offers something until the function that it gives is called. */
  offer(offers: Offers): () => void {
    this.#all.add(offers);
    return () => {
      this.#all.delete(offers);
    };
  }
}

export const offered = new Offered();
