import { common } from './common';

/** Why something failed, for people: by its code where the language has words for that, else as the server says it. */
export function because(code: string, message: string): string {
  switch (code) {
    case 'deleted':
      return common.t.deleted;
    case 'expired':
      return common.t.expired;
    case 'expired_tried':
      return common.t.expiredTried;
  }
  return common.t.problem(code, '') || message || common.t.wrong;
}
