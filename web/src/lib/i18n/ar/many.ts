import type en from '../en/many';
import { counted } from './plural';

export default {
  newMessages: (n: number): string =>
    counted(n, {
      one: 'رسالة جديدة واحدة',
      two: 'رسالتان جديدتان',
      few: 'رسائل جديدة',
      many: 'رسالة جديدة',
      other: 'رسالة جديدة',
    }),
  gone: (n: number): string =>
    `زال أقدم ما هنا (${counted(n, { one: 'سطر واحد', two: 'سطران', few: 'أسطر', many: 'سطرًا', other: 'سطر' })}): كان أكثر مما يبقى على الصفحة.`,
} satisfies typeof en;
