import { call } from '../../api';
import { admin } from '../../i18n/admin';
import { keeping } from '../../i18n/keeping';
import { language } from '../../i18n/language.svelte';
import { momentOf } from '../../moments';
import type { User } from '../../wire.gen';
import { query } from './rest';
import type { Filter, Page } from './rest';

/** An entry of the log of actions, as `Action` in docs/openapi.yaml. */
export interface Action {
  id: number;
  at: string;
  /** Left out for the command line. */
  by?: User;
  road: 'page' | 'token' | 'command';
  action: string;
  subject: string;
  room?: string;
  details?: Record<string, string>;
}

export async function listActions({ after = '', ...filter }: Filter): Promise<Page<Action>> {
  const { actions, more } = await call<{ actions: Action[]; more: boolean }>(
    'GET',
    `/log${query({ ...filter, below: after })}`,
  );
  return { entries: actions, next: more ? `${actions.at(-1)?.id ?? ''}` : '' };
}

/** The beginning of a day of the reader's calendar, so many days later, by RFC 3339; empty for none. */
export function dayStart(day: string, later = 0): string {
  const [year = NaN, month = NaN, date = NaN] = day.split('-').map(Number);
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) ? '' : start.toISOString();
}

/** What more there is to tell, each a label and a value. */
export function detailsOf({ details = {} }: Action): { label: string; value: string }[] {
  return Object.entries(details)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ label: keeping.t.details[name] ?? name, value: valueOf(name, value) }));
}

function valueOf(name: string, value: string): string {
  const { t } = keeping;
  switch (name) {
    case 'reason':
    case 'name':
    case 'owner':
    case 'device':
      return value;
    case 'grant':
    case 'revoke':
      return language.formats.list.format(value.split(' ').map((one) => admin.t.may[one] ?? one));
    case 'until':
      return value === 'forever' ? t.forGood : Number.isNaN(Date.parse(value)) ? value : momentOf(value);
    case 'slow_seconds':
      return /^\d+$/.test(value) ? t.seconds(Number(value)) : value;
    case 'access':
      return (
        { public: admin.t.accessPublic, private: admin.t.accessPrivate, staff: admin.t.accessStaff }[value] ??
        value
      );
    case 'as':
      return { superuser: admin.t.superuser, staff: admin.t.staff }[value] ?? value;
    case 'locked':
      return value === '""' ? t.unlocked : value.replace(/^"(.*)"$/, '$1');
  }
  return { changed: t.changed, true: t.yes, false: t.no }[value] ?? value;
}
