// Runs before the first paint, so that what was chosen does not flash in after what holds otherwise. The page sets the same
// when it is there: src/lib/preferences.svelte.ts and src/lib/i18n/speak.ts.
(() => {
  const root = document.documentElement;
  const kept = {};
  try {
    for (const what of ['theme', 'text', 'motion', 'language']) {
      const way = localStorage.getItem(`earshot.${what}`);
      if (way) kept[what] = way;
    }
  } catch {
    // Storage may be switched off; what the system has is used then.
  }
  const { language, ...styled } = kept;
  if (!styled.theme && matchMedia('(prefers-contrast: more)').matches) styled.theme = 'contrast';
  Object.assign(root.dataset, styled);
  const spoken = ['en', 'ar'];
  const wanted = [language, ...navigator.languages.map((tag) => tag.split('-')[0].toLowerCase())];
  root.lang = wanted.find((tag) => spoken.includes(tag)) ?? 'en';
  root.dir = root.lang === 'ar' ? 'rtl' : 'ltr';
})();
