import { isolated } from '../sentence';

/** What is shown of markdown. */
export default {
  code: 'Code',
  codeIn: (language: string) => `Code, ${isolated(language)}`,
  copyCode: 'Copy code',
  spoiler: 'Spoiler: show',
};
