/** The tab's title: where one is, and how many messages wait elsewhere. Never anything that was said: browsers keep titles. */
export function titled(where: string, unread: number): string {
  return unread > 0 ? `(${unread > 99 ? '99+' : unread}) ${where}` : where;
}
