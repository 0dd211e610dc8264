import { isolated } from '../sentence';

/** What a message and a line of entrances show of themselves. */
export default {
  code: 'Code',
  codeIn: (language: string) => `Code, ${isolated(language)}`,
  copyCode: 'Copy code',
  spoiler: 'Spoiler: show',
  allNames: 'all names',
  fewerNames: 'fewer names',
  showAll: 'Show all',
  showLess: 'Show less',
};
