import type { Words } from '../language.svelte';
import { counted } from './plural';

export default {
  rooms: 'الغرف',
  create: 'إنشاء غرفة',
  account: 'حسابك:',
  close: 'إغلاق',
  invite: 'دعوة أشخاص',
  whatIsKept: 'ما الذي يُحفظ',
  logOut: 'تسجيل الخروج',
  quiet: 'عدم الإزعاج',
  skip: 'تخطَّ إلى خانة الكتابة',
  looking: 'جارٍ البحث عن غرف…',
  again: 'إعادة المحاولة',
  noRooms: 'لا توجد غرف بعد.',
  createFirst: 'أنشئ أول غرفة',
  askForRooms: 'اطلب من القائمين على الخادم إنشاء واحدة.',
  search: 'البحث فيما على الشاشة',
  filter: 'تصفية الغرف',
  pinned: 'المثبّتة',
  joined: 'غرفك',
  others: 'غرف أخرى',
  toEnter: 'غرف يمكن دخولها',
  enter: 'دخول',
  inside: 'في الداخل',
  peopleInside: (n: number): string =>
    `في الداخل ${counted(n, { one: 'شخص واحد', two: 'شخصان', few: 'أشخاص', many: 'شخصًا', other: 'شخص' })}`,
  unread: 'غير مقروءة',
  mentions: (n: number): string => (n > 2 && n < 11 ? 'إشارات إليك' : 'إشارة إليك'),
  muted: 'لا يُخبر بشيء عن هذه الغرفة',
  noneCalled: 'لا غرفة لها اسم كهذا.',
} satisfies Words;
