import type { Connection } from '../client/link';
import { standing } from '../i18n/standing';

/** How it stands with the connection, in a sentence; empty while all is well. `lost`: there was one before. */
export function connectionWords(connection: Connection, lost: boolean): string {
  const { t } = standing;
  switch (connection.phase) {
    case 'idle':
    case 'open':
      return '';
    case 'connecting':
      return lost || connection.tries > 0 ? t.reconnecting : t.connecting;
    case 'waiting':
      return t.waits(waitingWords(connection.code));
    case 'ended':
      if (connection.why === 'login') return t.endedLogIn;
      return connection.code === 4501 ? t.endedRefused : t.endedForeign;
  }
}

function waitingWords(code: number): string {
  const { t } = standing;
  switch (code) {
    case 1001:
      return t.lostRestart;
    case 4000:
      return t.lostSlow;
    case 4001:
      return t.lostSilent;
    case 4100:
      return t.lostFull;
    case 0:
      return t.lostReach;
    default:
      return t.lost;
  }
}

/** Whole seconds until a moment, at least 0. */
export const secondsUntil = (until: number, now: number): number =>
  Math.max(0, Math.ceil((until - now) / 1000));
