import { faces } from './faces.svelte';
import { isolated } from './i18n/sentence';
import type { User } from './wire.gen';

/** The username, as it is mentioned, of somebody who is called otherwise; empty for anybody else. */
export const handle = (user: User): string => (faces.called(user) === user.name ? '' : `@${user.name}`);

/** What somebody is called, with the username where that is another: for a text, each written in its own direction. */
export function full(user: User): string {
  const beside = handle(user);
  return beside === '' ? user.name : `${isolated(faces.called(user))} ${isolated(beside)}`;
}
