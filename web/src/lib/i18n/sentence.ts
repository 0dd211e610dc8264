/** Stands in a sentence for what is shown by an element of its own (U+FFFC, which Unicode has for that). */
export const hole = '\ufffc';

/** The parts of a sentence around its holes. */
export const parted = (sentence: string): string[] => sentence.split(hole);

/** A name in a sentence, kept from turning the direction of what stands beside it (Unicode, UAX 9: FSI and PDI). */
export const isolated = (name: string): string => `\u2068${name}\u2069`;
