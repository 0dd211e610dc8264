import core from 'highlight.js/lib/core';
import type { Emitter, LanguageFn } from 'highlight.js';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import lua from 'highlight.js/lib/languages/lua';
import makefile from 'highlight.js/lib/languages/makefile';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

/** How a piece of code is coloured; a few hues for the many kinds that grammars tell apart. */
export type Hue = 'word' | 'value' | 'name' | 'remark' | 'added' | 'removed' | 'plain';

/** A piece of code: letters, or something that has a colour. */
export type Highlighted = string | { hue: Hue; children: Highlighted[] };

/** So much code, in UTF-16 units, is coloured at most. */
const most = 20_000;

const hues: Record<string, Hue> = {
  keyword: 'word',
  built_in: 'word',
  literal: 'word',
  type: 'word',
  meta: 'word',
  'selector-tag': 'word',
  string: 'value',
  number: 'value',
  regexp: 'value',
  char: 'value',
  symbol: 'value',
  bullet: 'value',
  link: 'value',
  title: 'name',
  attr: 'name',
  attribute: 'name',
  name: 'name',
  section: 'name',
  property: 'name',
  tag: 'plain',
  comment: 'remark',
  quote: 'remark',
  doctag: 'remark',
  addition: 'added',
  deletion: 'removed',
};

/** Gathers what the grammars find as a tree, and never as HTML. */
class Tree implements Emitter {
  readonly top: Highlighted[] = [];
  readonly #open: Highlighted[][] = [this.top];

  // The library's own seam for embedded languages has this name.
  __addSublanguage(emitter: Emitter): void {
    if (emitter instanceof Tree) this.#here.push(...emitter.top);
  }

  get #here(): Highlighted[] {
    return this.#open.at(-1) ?? this.top;
  }

  addText(text: string): void {
    if (text !== '') this.#here.push(text);
  }

  startScope(scope: string): void {
    const children: Highlighted[] = [];
    this.#here.push({ hue: hues[scope.split('.', 1)[0] ?? ''] ?? 'plain', children });
    this.#open.push(children);
  }

  endScope(): void {
    if (this.#open.length > 1) this.#open.pop();
  }

  openNode(scope: string): void {
    this.startScope(scope);
  }

  closeNode(): void {
    this.endScope();
  }

  finalize(): void {
    // What is open at the end is in its place already.
  }

  toHTML(): string {
    return '';
  }
}

const languages: Record<string, LanguageFn> = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  php,
  python,
  ruby,
  rust,
  shell,
  sql,
  typescript,
  xml,
  yaml,
};

const library = core.newInstance();
library.configure({ __emitter: Tree });
for (const [name, grammar] of Object.entries(languages)) library.registerLanguage(name, grammar);

/** Colours code; null where its language is not known, or where it is too much. The letters joined give the code again. */
export function highlight(language: string, code: string): Highlighted[] | null {
  if (code.length > most || !library.getLanguage(language)) return null;
  const { _emitter: tree } = library.highlight(code, { language, ignoreIllegals: true });
  return tree instanceof Tree ? tree.top : null;
}
