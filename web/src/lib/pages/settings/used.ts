import { security } from '../../i18n/security';
import { fullOf } from '../../moments';

/** Says when something was used last, a time by RFC 3339, or that it never was. */
export const used = (at: string | null | undefined): string =>
  at ? security.t.lastUsed(fullOf(at)) : security.t.neverUsed;
