import type { Component } from 'svelte';
import type { Me, Server } from '../api';
import type { Chat } from '../state/chat.svelte';
import type { Session } from '../state/session.svelte';

/** What every section of the settings and of the administration is given. */
export interface SectionProps {
  session: Session;
  server: Server;
  chat: Chat;
}

/** A part of a page that has an address of its own below the page's. */
export interface Section {
  /** Its name in the address. */
  id: string;
  /** Its name for people, in their language now. */
  title: () => string;
  load: () => Promise<{ default: Component<SectionProps> | Component }>;
  /** Who sees it; everybody where it is missing. */
  shown?: (me: Me, server: Server) => boolean;
}
