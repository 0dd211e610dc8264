import type { Plugin } from 'vite';

/** The parts that views need, which the page asks for only when its first script has run and the server has said who is there. */
const views = { login: 'LogIn', room: 'RoomPlace' };

/**
 * Writes what each view needs beside what index.html names: the server tells a browser by the address that it asks for
 * (httpd/ahead.go), which then fetches it beside the first script, and not after it.
 */
export const ahead: Plugin = {
  name: 'ahead',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const filesOf = (name: string, of = new Set<string>()): Set<string> => {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk' || of.has(name)) return of;
        of.add(name);
        for (const style of chunk.viteMetadata?.importedCss ?? []) of.add(style);
        for (const other of chunk.imports) filesOf(other, of);
        return of;
      };
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk');
      const first = chunks.find(({ name }) => name === 'main');
      if (!first) this.error('There is no first script: see scripts/ahead.ts');
      const there = filesOf(first.fileName);
      const files = Object.entries(views).map(([view, part]) => {
        const chunk = chunks.find(({ name, isDynamicEntry }) => isDynamicEntry && name === part);
        if (!chunk) this.error(`There is no script of ${part}: see scripts/ahead.ts`);
        return [
          view,
          [...filesOf(chunk.fileName)].filter((name) => !there.has(name)).map((name) => `/${name}`),
        ];
      });
      this.emitFile({
        type: 'asset',
        fileName: '.ahead.json',
        source: JSON.stringify(Object.fromEntries(files)),
      });
    },
  },
};
