/** What a message is made of, once its markdown was read. Nothing in it is HTML: every text becomes a text node. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; nodes: Inline[] }
  | { kind: 'em'; nodes: Inline[] }
  | { kind: 'del'; nodes: Inline[] }
  | { kind: 'spoiler'; nodes: Inline[] }
  | { kind: 'code'; text: string }
  /** An address as it was typed; `host` where it does not begin with the host that it leads to. */
  | { kind: 'address'; text: string; href: string; host?: string }
  /** `where` is where it leads, for people: its host, or the address of a mail. */
  | { kind: 'link'; href: string; where: string; nodes: Inline[] }
  /** The name of the author, who does what follows. */
  | { kind: 'author'; name: string }
  /** `@` or `#` and what follows; whether somebody or a room is called so is for the page to know. */
  | { kind: 'name'; sign: '@' | '#'; name: string };

export interface ListItem {
  /** The number as typed; 0 in a list without numbers. */
  value: number;
  blocks: Block[];
}

export type Block =
  | { kind: 'text'; nodes: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; ordered: boolean; items: ListItem[] };
