const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** The day of a time by RFC 3339, as the reader's language has it. */
export const dayOf = (time: string): string => day.format(new Date(time));
