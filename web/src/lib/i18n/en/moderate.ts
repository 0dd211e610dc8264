/** A span of seconds in words, in the largest unit that fits it evenly. */
function span(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const;
  const [size, unit] = units.find(([size]) => seconds % size === 0) ?? units[3];
  const count = seconds / size;
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`;
}

export default {
  keepOrder: 'Moderate',
  keepOrderWith: (name: string): string => `Moderate: \u2068${name}\u2069`,
  what: 'What to do',
  kick: 'Kick',
  kickHint: 'They leave this room now, and can come back in a minute.',
  mute: 'Mute',
  muteHint: 'They hear what is said here, and cannot say anything.',
  ban: 'Ban from this room',
  banHint: 'They leave this room now, and cannot come back.',
  howLong: 'For how long',
  span,
  forGood: 'For good',
  reason: 'Reason (optional)',
  reasonHint: 'They are told the reason. At most 500 characters.',
  save: 'Save',
  done: 'Done',
  slow: 'Slow mode',
  slowOff: 'Off: everybody says what they like',
  slowEach: (seconds: number): string => `One message in ${span(seconds)} each`,
  lock: 'Lock',
  lockNone: 'Open',
  lockPosts: 'Nobody may say anything',
  lockEntry: 'Nobody may enter',
  lockHint: 'It does not hold for those who moderate here.',
  muted: 'Muted',
  banned: 'Banned',
  nobody: 'Nobody.',
  lift: 'Lift',
  liftOf: (name: string): string => `Lift: \u2068${name}\u2069`,
  until: (when: string): string => `until ${when}`,
  further: 'And others: the list shows the first 100.',
  slowWait: (seconds: number): string =>
    `Slow mode: you can say the next in ${seconds.toLocaleString('en')} s.`,
  slowFree: (seconds: number): string => `Slow mode: one message in ${span(seconds)}.`,
  mutedFor: (when: string): string => `You are muted until ${when}.`,
  mutedForGood: 'You are muted in this room.',
  because: (reason: string): string => `Reason: \u2068${reason}\u2069`,
  bannedUntil: (when: string): string => `You are banned from this room until ${when}.`,
  bannedForGood: 'You are banned from this room for good.',
  backIn: (seconds: number): string => `You can come back in ${seconds.toLocaleString('en')} s.`,
  backAt: (when: string): string => `You can come back at ${when}.`,
  backNow: 'You can come back now.',
  enterAgain: 'Enter again',
  locked: 'The room is locked: nobody may say anything for the time being.',
  lockedButYou: 'The room is locked: only those who moderate can say something.',
  shut: 'The room is locked: nobody else may enter.',
};
