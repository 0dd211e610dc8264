const own = (key: string): boolean => key.startsWith('earshot.');

/** What the page keeps in this browser now, by key. */
export function everything(): string[] {
  try {
    return [...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(own);
  } catch {
    return [];
  }
}

/** Takes out all that the page keeps in this browser, the numbers of rooms of other people who used it too. */
export function forgetEverything(): void {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage).filter(own)) storage.removeItem(key);
    }
  } catch {
    // Switched off: then there is nothing.
  }
}
