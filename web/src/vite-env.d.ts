/// <reference types="svelte" />
/// <reference types="vite/client" />

// Named here, so that the compiler does not find out the type of two thousand emoji.
declare module 'emoji-picker-element-data/en/github/data.json' {
  const data: readonly {
    emoji: string;
    annotation: string;
    shortcodes?: readonly string[];
    tags?: readonly string[];
    group: number;
    version: number;
  }[];
  export default data;
}
