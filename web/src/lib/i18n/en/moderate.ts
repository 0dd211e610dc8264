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
  keepOrder: 'Keep order',
  keepOrderWith: (name: string): string => `Keep order: \u2068${name}\u2069`,
  what: 'What is to be done',
  kick: 'Kick',
  kickHint: 'Out of this room now, and back in a minute at the earliest.',
  mute: 'Mute',
  muteHint: 'Hears what is said here, and cannot say anything.',
  ban: 'Ban from this room',
  banHint: 'Out of this room now, and not back in.',
  howLong: 'For how long',
  span,
  forGood: 'For good',
  reason: 'Reason (optional)',
  reasonHint: 'Whom it is about is told. At most 500 characters.',
  cancel: 'Cancel',
  save: 'Save',
  done: 'Done',
  slow: 'Slow mode',
  slowOff: 'Off: everybody says what they like',
  slowEach: (seconds: number): string => `One message in ${span(seconds)} each`,
  lock: 'Lock',
  lockNone: 'Open',
  lockPosts: 'Nobody may say anything',
  lockEntry: 'Nobody may enter',
  lockHint: 'It does not hold for you and others who keep order here.',
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
  locked: 'The room is locked: nobody may say anything for the time being.',
  lockedButYou: 'The room is locked: only those who keep order say something.',
  shut: 'The room is locked: nobody else may enter.',
};
