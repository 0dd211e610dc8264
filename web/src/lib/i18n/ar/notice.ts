import type en from '../en/notice';
import { counted } from './plural';

const person = { one: 'شخص واحد', two: 'شخصان', few: 'أشخاص', many: 'شخصًا', other: 'شخص' };

export default {
  rooms: 'الغرف',
  account: 'حسابك:',
  invite: 'دعوة أشخاص',
  logOut: 'تسجيل الخروج',
  quiet: 'عدم الإزعاج',
  looking: 'جارٍ البحث عن الغرف…',
  noRooms: 'لا توجد غرف بعد.',
  createFirst: 'إنشاء أول غرفة',
  askForRooms: 'اطلب من القائمين على هذا الخادم إنشاء غرفة.',
  search: 'البحث في ما على الشاشة',
  filter: 'تصفية الغرف',
  pinned: 'المثبّتة',
  joined: 'غرفك',
  others: 'غرف أخرى',
  toEnter: 'غرف يمكن دخولها',
  enter: 'دخول',
  inside: 'في الداخل',
  peopleInside: (n) => `في الداخل: ${counted(n, person)}`,
  unread: 'غير مقروءة',
  mentions: (n) => (n === 1 ? 'إشارة إليك' : 'إشارات إليك'),
  muted: 'لا يُخبَر بشيء من هذه الغرفة',
  noneCalled: 'لا توجد غرفة باسم كهذا.',
} satisfies typeof en;
