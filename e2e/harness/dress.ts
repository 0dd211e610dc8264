import type { Person } from './person.ts';

/** How the page is to look: what is left out is as it is where nothing was chosen. */
export interface Look {
  theme?: 'light' | 'dark' | 'contrast';
  language?: 'en' | 'ar';
  text?: 'small' | 'large' | 'huge';
}

/** Has the page look otherwise, as another tab does that chooses it: the page stays as it is. */
export async function dress(person: Person, look: Look): Promise<void> {
  await person.page.evaluate((chosen) => {
    for (const what of ['theme', 'language', 'text'] as const) {
      const way = chosen[what];
      if (way === undefined) localStorage.removeItem(`earshot.${what}`);
      else localStorage.setItem(`earshot.${what}`, way);
    }
    dispatchEvent(new StorageEvent('storage', { key: null }));
  }, look);
  const dir = look.language === 'ar' ? 'rtl' : 'ltr';
  await person.page.locator(`html[dir=${dir}]`).waitFor();
}
