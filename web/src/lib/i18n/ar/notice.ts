import type en from '../en/notice';

export default {
  rooms: 'الغرف',
  account: 'حسابك:',
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
  inside: 'في الداخل',
  unread: 'غير مقروءة',
  mentions: (n) => (n === 1 ? 'إشارة إليك' : 'إشارات إليك'),
  silenced: 'مكتومة',
  draft: 'لم يُرسل بعد',
  noneCalled: 'لا توجد غرفة باسم كهذا.',
} satisfies typeof en;
