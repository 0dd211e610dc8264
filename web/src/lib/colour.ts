/**
 * Backgrounds for initials. Each has at least 4.5:1 against white text (WCAG 2.2, 1.4.3), and 3:1 against neither page
 * background is needed, because the name stands beside it.
 */
export const avatarColours = [
  '#8a4b2a',
  '#7a5a12',
  '#5a6a1c',
  '#2f6f3e',
  '#1b6f6a',
  '#22698a',
  '#37609f',
  '#5a55a8',
  '#7a4c9c',
  '#944486',
  '#a03f62',
  '#a13f3f',
] as const;

/** The colour of a user, the same wherever they are seen. Neighbouring ids get colours far apart. */
export function avatarColour(id: number): string {
  const index = (Math.abs(Math.trunc(id)) * 5) % avatarColours.length;
  return avatarColours[index] ?? avatarColours[0];
}
