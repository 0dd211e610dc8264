/** A key, and what it does. */
export interface Key {
  /** As they stand on a keyboard, joined by a plus: `Ctrl+K`. On a Mac, Ctrl is shown as ⌘. */
  keys: string;
  /** For people; a function where it is to follow the language. */
  what: string | (() => string);
}
