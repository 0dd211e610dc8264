import { Lexer, Tokenizer } from 'marked';
import type { Token, Tokens } from 'marked';
import { leading } from '../links';
import type { Block, Inline, ListItem } from './nodes';

/** How deep quotes and lists, and emphases and spoilers, stand in each other. What is deeper stays as it was typed. */
const mostBlocks = 5;
const mostSpans = 8;
/** So many signs that could be marks are read outside of blocks of code; a text with more stays as it was typed. */
const mostSigns = 800;

const sign = /[*_~`|[\]<>@#\\\n]|:\/\//g;
const fenced = /^ {0,3}```[^`\n]*\n[^]*?^ {0,3}```[ \t]*$/gm;
const solid = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
/** What an emphasis may begin after: nothing, a blank, a bracket or quote, a letter of a script that needs no blanks. */
const opening = /(?:^|[\s\p{Lo}\p{Ps}\p{Pi}"'*_~|/¿¡–—…])$/u;
const wordEnd = /[\p{L}\p{N}\p{M}_]$/u;
const names = { '@': /^@[\p{L}\p{N}\p{M}_.@+-]{1,150}/u, '#': /^#[\p{L}\p{N}][\p{L}\p{N}\p{M}_.-]{0,79}/u };

interface Span {
  type: 'address' | 'name' | 'spoiler';
  raw: string;
  text: string;
  href?: string;
  host?: string;
  tokens?: Token[];
}

/** Finds where emphases and links end before what is in them is read: what is refused is not read at all. */
class Reader extends Lexer {
  #dry = false;
  #spans = 0;

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    return this.#dry ? tokens : super.inlineTokens(src, tokens);
  }

  span<Found extends { type: string; raw: string; text: string; tokens?: Token[] }>(
    find: () => Found | undefined,
  ): Found | undefined {
    if (this.#spans >= mostSpans) return undefined;
    const before = this.#dry;
    this.#dry = true;
    let found: Found | undefined;
    try {
      found = find();
    } finally {
      this.#dry = before;
    }
    if (!found || !solid.test(found.text)) return undefined;
    this.#spans++;
    try {
      found.tokens = this.inlineTokens(found.text, []);
    } finally {
      this.#spans--;
    }
    return found;
  }
}

/** The part of a text that belongs to the list at its beginning: points, what is indented, and blank lines between. */
function listPart(src: string): string {
  let end = 0;
  let blank = false;
  for (const line of src.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (line.trim() === '') {
      if (blank) break;
      blank = true;
    } else if (/^(?: {2,}|\t)/.test(line) || (!blank && point.test(line))) {
      blank = false;
    } else {
      break;
    }
    end += line.length;
  }
  return src.slice(0, end);
}

const point = /^ {0,3}(?:[-*]|\d{1,9}[.)])[ \t]+\S/;

/** Marked's rules, without what nobody types in a conversation, and with what it lets by as it was typed. */
class Rules extends Tokenizer {
  declare lexer: Reader;
  #blocks = 0;

  override code(): undefined {
    return undefined;
  }
  override heading(): undefined {
    return undefined;
  }
  override lheading(): undefined {
    return undefined;
  }
  override hr(): undefined {
    return undefined;
  }
  override html(): undefined {
    return undefined;
  }
  override def(): undefined {
    return undefined;
  }
  override table(): undefined {
    return undefined;
  }
  override tag(): undefined {
    return undefined;
  }
  override reflink(): undefined {
    return undefined;
  }
  override br(): undefined {
    return undefined;
  }
  /** An address between signs that say where it ends: `<https://example.org/a,b.>`. */
  override autolink(src: string): Tokens.Link | undefined {
    const [raw, typed] = /^<(https?:\/\/[^\s<>]+)>/i.exec(src) ?? [];
    const found = typed === undefined || this.lexer.state.inLink ? null : leading(typed);
    if (raw === undefined || found?.href === undefined || found.text !== typed) return undefined;
    // One of the inline extension's own kind.
    return { ...found, type: 'address', raw } as unknown as Tokens.Link;
  }
  override url(): undefined {
    return undefined;
  }

  /** Each line of a quote begins with the sign: what is written below one is an answer to it. */
  override blockquote(src: string): Tokens.Blockquote | undefined {
    // >:( and >_< are faces.
    if (this.#blocks >= mostBlocks || !/^(?: {0,3}>)+[ \t]+\S/.test(src)) return undefined;
    const raw = /^(?: {0,3}>[^\n]*(?:\n|$))+/.exec(src)?.[0] ?? '';
    const text = raw.replace(/^ {0,3}> ?/gm, '').replace(/\n+$/, '');
    const { top } = this.lexer.state;
    this.#blocks++;
    this.lexer.state.top = true;
    const tokens = this.lexer.blockTokens(text, []);
    this.lexer.state.top = top;
    this.#blocks--;
    return { type: 'blockquote', raw, text, tokens };
  }

  override list(src: string): Tokens.List | undefined {
    // A line that is a single dash or number says just that.
    if (this.#blocks >= mostBlocks || !point.test(src)) return undefined;
    this.#blocks++;
    try {
      return super.list(listPart(src));
    } finally {
      this.#blocks--;
    }
  }

  override fences(src: string): Tokens.Code | undefined {
    const found = super.fences(src);
    if (!found) return undefined;
    // Many close a block at the end of its last line.
    const end = /```[ \t]*\n*$/.exec(found.text);
    if (end && found.raw.trimEnd().endsWith('```')) found.text = found.text.slice(0, end.index);
    return found;
  }

  /** A backslash is one, unless it stands before a sign that would be a mark. */
  override escape(src: string): Tokens.Escape | undefined {
    if (src.startsWith('\\_(ツ)_/')) return { type: 'escape', raw: '\\_(ツ)_/', text: '\\_(ツ)_/' };
    const found = /^\\([*_~`|]|\[(?=[^\]\n]*\]\())/.exec(src);
    return found ? { type: 'escape', raw: found[0], text: found[1] ?? '' } : undefined;
  }

  override emStrong(src: string, masked: string, before = ''): Tokens.Em | Tokens.Strong | undefined {
    // 2*3*4 is a product, and -_- is a face; so is *_* with words after it.
    if (!opening.test(before) || before === src.charAt(0)) return undefined;
    return this.lexer.span(() => {
      const found = super.emStrong(src, masked, before);
      return found && /^[*_~]+\s|\s[*_~]+$/.test(found.text) ? undefined : found;
    });
  }

  override del(src: string, masked: string, before = ''): Tokens.Del | undefined {
    if (!src.startsWith('~~')) return undefined;
    return this.lexer.span(() => super.del(src, masked, before));
  }

  override link(src: string): Tokens.Link | Tokens.Image | undefined {
    if (this.lexer.state.inLink) return undefined;
    const found = this.lexer.span(() => {
      const link = super.link(src);
      // Pictures are not loaded: whoever put it there would learn who looked at it.
      return link && target(link.href) ? { ...link, text: link.text || link.href } : undefined;
    });
    if (!found) return undefined;
    this.lexer.state.inLink = true;
    found.tokens = this.lexer.inlineTokens(found.text, []);
    this.lexer.state.inLink = false;
    return found;
  }
}

/** Where a link leads, if it may lead there. */
function target(href: string): { href: string; where: string } | null {
  if (!/^(?:https?:\/\/|mailto:)[^\s\p{Cc}\p{Bidi_Control}]+$/iu.test(href) || !URL.canParse(href))
    return null;
  const url = new URL(href);
  if (url.username !== '' || url.password !== '') return null;
  const mail = url.protocol === 'mailto:';
  return { href: url.href, where: mail ? decoded(url.pathname) : url.host };
}

function decoded(text: string): string {
  try {
    const plain = decodeURIComponent(text);
    return /[\s\p{Cc}\p{Bidi_Control}]/u.test(plain) ? text : plain;
  } catch {
    return text;
  }
}

/** What markdown does not know: addresses as they stand, names, spoilers. */
function special(lexer: Reader, src: string, before: readonly Token[]): Span | Tokens.Text | undefined {
  const first = src.charAt(0);
  if (first === '|') return lexer.span(() => spoiler(src));
  if (!'hHwW@#'.includes(first) || lexer.state.inLink) return undefined;
  if (wordEnd.test(before.at(-1)?.raw.slice(-2) ?? '')) return undefined;
  if (first === '@' || first === '#') {
    const name = names[first].exec(src)?.[0];
    return name === undefined ? undefined : { type: 'name', raw: name, text: name };
  }
  const found = leading(src);
  if (!found) return undefined;
  const { text, href, host } = found;
  if (href === undefined) return { type: 'text', raw: text, text, escaped: false };
  return { type: 'address', raw: text, text, href, ...(host !== undefined && { host }) };
}

function spoiler(src: string): Span | undefined {
  if (!/^\|\|[^\s|]/.test(src)) return undefined;
  const end = src.indexOf('||', 3);
  if (end < 0 || /\s/.test(src.charAt(end - 1))) return undefined;
  return { type: 'spoiler', raw: src.slice(0, end + 2), text: src.slice(2, end) };
}

const next = (src: string): number => src.search(/[@#|]/);

function inlines(tokens: readonly Token[]): Inline[] {
  const nodes: Inline[] = [];
  const say = (text: string): void => {
    const last = nodes.at(-1);
    if (last?.kind === 'text') last.text += text;
    else nodes.push({ kind: 'text', text });
  };
  for (const token of tokens as (Tokens.Generic & { tokens?: Token[] })[]) {
    const { type, raw } = token;
    const text = String(token.text ?? raw);
    if (type === 'strong' || type === 'em' || type === 'del' || type === 'spoiler') {
      nodes.push({ kind: type, nodes: inlines(token.tokens ?? []) });
    } else if (type === 'codespan') {
      nodes.push({ kind: 'code', text });
    } else if (type === 'address') {
      const { href, host } = token as unknown as Span;
      nodes.push({ kind: 'address', text, href: href ?? '', ...(host !== undefined && { host }) });
    } else if (type === 'name') {
      nodes.push({ kind: 'name', sign: raw.startsWith('@') ? '@' : '#', name: raw.slice(1) });
    } else if (type === 'link' || type === 'image') {
      const to = target(String(token.href));
      if (to) nodes.push({ kind: 'link', ...to, nodes: inlines(token.tokens ?? []) });
      else say(raw);
    } else {
      // A text, or a sign that stands for itself. Whatever else there may be is shown as it was typed.
      say(type === 'text' || type === 'escape' ? text : raw);
    }
  }
  return nodes;
}

function blocks(tokens: readonly Token[]): Block[] {
  const found: Block[] = [];
  let words: Inline[] = [];
  const flush = (last: boolean): void => {
    // Blank lines beside a block are its margin.
    if (found.length > 0) trim(words, 0, /^\n+/);
    if (!last) trim(words, words.length - 1, /\n+$/);
    if (words.length > 0) found.push({ kind: 'text', nodes: words });
    words = [];
  };
  for (const token of tokens as (Tokens.Generic & { tokens?: Token[] })[]) {
    const { type, raw } = token;
    if (type === 'blockquote') {
      flush(false);
      found.push({ kind: 'quote', blocks: blocks(token.tokens ?? []) });
    } else if (type === 'list') {
      flush(false);
      found.push(list(token as Tokens.List));
    } else if (type === 'code') {
      flush(false);
      const { lang = '', text } = token as Tokens.Code;
      const named = /^[\w+#.-]*$/.test(lang);
      // Many begin the code behind the marks.
      found.push({
        kind: 'code',
        language: named ? lang.toLowerCase() : '',
        text: named ? text : `${lang}\n${text}`,
      });
    } else if (type === 'paragraph' || type === 'text') {
      const text = String(token.text);
      words.push(...inlines(token.tokens ?? []));
      if (raw.startsWith(text)) words.push({ kind: 'text', text: raw.slice(text.length) });
    } else {
      words.push({ kind: 'text', text: raw });
    }
  }
  flush(true);
  return found;
}

function trim(nodes: Inline[], at: number, what: RegExp): void {
  for (let node = nodes[at]; node?.kind === 'text'; node = nodes[Math.min(at, nodes.length - 1)]) {
    node.text = node.text.replace(what, '');
    if (node.text !== '') return;
    nodes.splice(nodes.indexOf(node), 1);
  }
}

function list(token: Tokens.List): Block {
  const items = token.items.map((item): ListItem => ({
    value: token.ordered ? Number(/\d+/.exec(item.raw)?.[0]) : 0,
    blocks: blocks(item.tokens),
  }));
  return { kind: 'list', ordered: token.ordered, items };
}

/** Reads a message. What is no markdown is in the nodes as it was typed, to the letter. */
export function parse(text: string): Block[] {
  const plain: Block[] = [{ kind: 'text', nodes: [{ kind: 'text', text }] }];
  if ((text.replace(fenced, '').match(sign)?.length ?? 0) > mostSigns) return plain;
  const lexer: Reader = new Reader({
    gfm: true,
    tokenizer: new Rules(),
    extensions: {
      renderers: {},
      childTokens: {},
      inline: [(src, before) => special(lexer, src, before)],
      startInline: [next],
    },
  });
  try {
    return blocks(lexer.lex(text.replaceAll('\r\n', '\n')));
  } catch {
    // No text may break the page.
    return plain;
  }
}
