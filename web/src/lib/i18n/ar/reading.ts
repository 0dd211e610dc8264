import type en from '../en/reading';
import { isolated } from '../sentence';

export default {
  code: 'شيفرة',
  codeIn: (language) => `شيفرة، ${isolated(language)}`,
  copyCode: 'نسخ الشيفرة',
  spoiler: 'مخفي: إظهار',
  allNames: 'كل الأسماء',
  fewerNames: 'أسماء أقل',
  showAll: 'عرض الكل',
  showLess: 'عرض أقل',
} satisfies typeof en;
