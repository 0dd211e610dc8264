import type { Section } from '../sections';

/** The parts of the administration, in the order in which they are listed. */
export const sections: readonly Section[] = [];
