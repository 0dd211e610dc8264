import type { Chat } from '../state/chat.svelte';

/** How many messages were not looked at that are meant for oneself. */
export const mentionsIn = (chat: Chat): number =>
  chat.rooms.reduce((sum, room) => sum + chat.counted(room).mentions, 0);

/** The tab's icon: a dot while something is unread, and the number of what is meant for oneself. */
export function iconOf(unread: number, mentions: number): string {
  if (unread + mentions === 0) return '/favicon.svg';
  const ear =
    '<path d="M9.5 13.5a6.5 6.5 0 0 1 13 0c0 5-4.6 5.3-4.6 9a3.2 3.2 0 0 1-5.9 1.7"/>' +
    '<path d="M13.2 13.6a2.8 2.8 0 0 1 5.6 0c0 2.2-2.1 2.4-2.1 4.4"/>';
  const sign =
    mentions > 0
      ? '<circle cx="21.5" cy="10.5" r="10.5" fill="#c4321f"/>' +
        '<text x="21.5" y="16" text-anchor="middle" font-family="system-ui,sans-serif" font-weight="700" ' +
        `font-size="${mentions > 9 ? 13 : 16}" fill="#fff">${mentions > 9 ? '9+' : mentions}</text>`
      : '<circle cx="25" cy="7" r="7" fill="#f1a33c"/>';
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#17605a"/>' +
    `<g fill="none" stroke="#fff" stroke-width="2.4" stroke-linecap="round">${ear}</g>${sign}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Gives the tab an icon, unless it has it. */
export function showIcon(href: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
  if (link && link.getAttribute('href') !== href) link.href = href;
}
