import { isolated } from '../sentence';
import { number } from '../language.svelte';
import type en from '../en/moderate';
import { counted } from './plural';

const units = [
  [86_400, { one: 'يوم واحد', two: 'يومان', few: 'أيام', many: 'يومًا', other: 'يوم' }],
  [3600, { one: 'ساعة واحدة', two: 'ساعتان', few: 'ساعات', many: 'ساعة', other: 'ساعة' }],
  [60, { one: 'دقيقة واحدة', two: 'دقيقتان', few: 'دقائق', many: 'دقيقة', other: 'دقيقة' }],
  [1, { one: 'ثانية واحدة', two: 'ثانيتان', few: 'ثوانٍ', many: 'ثانية', other: 'ثانية' }],
] as const;

/** A span of seconds in words, in the largest unit that fits it evenly. */
function span(seconds: number): string {
  const [size, forms] = units.find(([size]) => seconds % size === 0) ?? units[3];
  return counted(seconds / size, forms);
}

export default {
  keepOrder: 'حفظ النظام',
  keepOrderWith: (name: string): string => `حفظ النظام: ${isolated(name)}`,
  what: 'ما الذي يُفعل',
  kick: 'إخراج',
  kickHint: 'خارج هذه الغرفة الآن، ولا عودة قبل دقيقة.',
  mute: 'كتم',
  muteHint: 'يسمع ما يُقال هنا ولا يستطيع أن يقول شيئًا.',
  ban: 'حظر من هذه الغرفة',
  banHint: 'خارج هذه الغرفة الآن، ولا عودة إليها.',
  howLong: 'إلى متى',
  span,
  forGood: 'دائمًا',
  reason: 'السبب (اختياري)',
  get reasonHint() {
    return `يُبلَّغ به من يخصه. ${number(500)} حرف على الأكثر.`;
  },
  save: 'حفظ',
  done: 'تم',
  slow: 'الوضع البطيء',
  slowOff: 'متوقف: يقول كلٌّ ما يشاء',
  slowEach: (seconds: number): string => `رسالة واحدة لكل شخص كل ${span(seconds)}`,
  lock: 'القفل',
  lockNone: 'مفتوحة',
  lockPosts: 'لا يحق لأحد أن يقول شيئًا',
  lockEntry: 'لا يحق لأحد أن يدخل',
  lockHint: 'لا يسري عليك ولا على غيرك ممن يحفظون النظام هنا.',
  muted: 'المكتومون',
  banned: 'المحظورون',
  nobody: 'لا أحد.',
  lift: 'رفع',
  liftOf: (name: string): string => `رفع: ${isolated(name)}`,
  until: (when: string): string => `حتى ${when}`,
  get further() {
    return `وغيرهم: القائمة تُظهر أول ${number(100)}.`;
  },
  slowWait: (seconds: number): string => `الوضع البطيء: يمكنك قول التالي بعد ${number(seconds)} ث.`,
  slowFree: (seconds: number): string => `الوضع البطيء: رسالة واحدة كل ${span(seconds)}.`,
  mutedFor: (when: string): string => `أنت مكتوم حتى ${when}.`,
  mutedForGood: 'أنت مكتوم في هذه الغرفة.',
  because: (reason: string): string => `السبب: ${isolated(reason)}`,
  bannedUntil: (when: string): string => `أنت محظور من هذه الغرفة حتى ${when}.`,
  bannedForGood: 'أنت محظور من هذه الغرفة دائمًا.',
  backIn: (seconds: number): string => `يمكنك العودة بعد ${number(seconds)} ث.`,
  backAt: (when: string): string => `يمكنك العودة عند ${when}.`,
  backNow: 'يمكنك العودة الآن.',
  enterAgain: 'الدخول من جديد',
  locked: 'الغرفة مقفلة: لا يحق لأحد أن يقول شيئًا في الوقت الحاضر.',
  lockedButYou: 'الغرفة مقفلة: لا يتكلم إلا من يحفظون النظام.',
  shut: 'الغرفة مقفلة: لا يحق لأحد آخر أن يدخل.',
} satisfies typeof en;
