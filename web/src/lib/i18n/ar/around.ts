import { number } from '../language.svelte';
import type { Words } from '../language.svelte';
import { isolated } from '../sentence';
import { counted } from './plural';

const results = { one: 'نتيجة واحدة', two: 'نتيجتان', few: 'نتائج', many: 'نتيجة', other: 'نتيجة' };

export default {
  tellMe: 'أخبرني عن',
  levels: { all: 'كل شيء', mentions: 'ما يعنيني', nothing: 'لا شيء' },
  pin: 'تثبيت في الأعلى',
  unpin: 'إلغاء التثبيت',
  moveUp: 'نقل إلى أعلى',
  moveDown: 'نقل إلى أسفل',
  moveUpKeys: '\u2068Ctrl+Shift+↑\u2069 في القائمة',
  moveDownKeys: '\u2068Ctrl+Shift+↓\u2069 في القائمة',
  isPinned: (title: string): string => `ثُبّتت ${isolated(title)}.`,
  isUnpinned: (title: string): string => `لم تعد ${isolated(title)} مثبّتة.`,
  movedTo: (title: string, at: number, of: number): string =>
    `${isolated(title)} في الموضع ${number(at)} من ${number(of)}.`,

  until: (time: string): string => `حتى ${time}، ثم يمكن إزعاجك من جديد.`,
  quietFor: 'عدم الإزعاج مدة',
  quietTimes: { half: '٣٠ دقيقة', hour: 'ساعة', tomorrow: 'حتى الغد' },

  toldMention: 'ذُكرت أو رُدّ عليك',
  toldMessage: 'قيل شيء',

  notify: 'إظهار الإشعارات حين تكون الصفحة مخفية',
  notifyNote: 'تذكر اسم الغرفة. أما ما قيل ومن قاله فلا تذكره إلا إن طلبت ذلك.',
  notifyText: 'مع من كتب وماذا كتب',
  notifyTextNote: 'قد يحفظ نظامك ما يُظهره: على الشاشة المقفلة وفي قائمة له.',
  notifyDenied:
    'متصفحك لا يسمح لهذه الصفحة بإظهار الإشعارات. اسمح بها عند العلامة التي قبل العنوان، ثم فعّل هذا من جديد.',
  notifyMissing: 'ليس في متصفحك إشعارات لهذه الصفحة. هي تحتاج إلى HTTPS أو إلى هذا الجهاز نفسه.',
  sound: 'صوت خافت لما يُقال في مكان آخر',
  soundNote: 'نغمتان لما يعنيك، وواحدة لغيره.',
  hear: 'اسمعه',
  usual: 'أخبرني عن، في كل غرفة لم أختر لها غير ذلك',
  eachRoom: 'غرفة غرفة',
  asUsual: (level: string): string => `كالمعتاد (${level})`,
  noRooms: 'لست في أي غرفة.',
  keptHere: 'يُحفظ هذا في هذا المتصفح وحده، بأرقام الغرف.',

  switcher: 'اذهب إلى غرفة أو افعل شيئًا',
  switcherHint: 'غرفة أو شخص أو أمر',
  results: 'النتائج',
  resultCount: (n: number): string => (n === 0 ? 'لا شيء له اسم كهذا.' : counted(n, results)),
  enterRoom: 'دخول',
  isIn: (title: string): string => `في ${isolated(title)}`,
  people: 'إظهار الحاضرين هنا أو إخفاؤهم',
  leave: 'مغادرة هذه الغرفة',
  markAllRead: 'وسم كل شيء كمقروء',
  quietOn: 'عدم الإزعاج: تفعيل',
  quietOff: 'عدم الإزعاج: إيقاف',
  themes: { light: 'المظهر: فاتح', dark: 'المظهر: داكن', system: 'المظهر: كما في النظام' },
  nothingUnread: 'لا شيء غير مقروء.',

  keysTitle: 'المفاتيح',
  keysNote: 'المفاتيح من دون Ctrl أو Alt لا تعني شيئًا أثناء الكتابة.',
  keys: {
    switcher: 'اذهب إلى غرفة أو افعل شيئًا',
    up: 'الغرفة السابقة',
    down: 'الغرفة التالية',
    unreadUp: 'الغرفة السابقة التي فيها غير مقروء',
    unreadDown: 'الغرفة التالية التي فيها غير مقروء',
    search: 'البحث فيما على الشاشة',
    escape: 'إغلاق ما هو مفتوح؛ وفي غرفة، وسمها كمقروءة والذهاب إلى الأحدث',
    moveUp: 'نقل الغرفة إلى أعلى، في القائمة',
    moveDown: 'نقل الغرفة إلى أسفل، في القائمة',
    keys: 'إظهار هذه المفاتيح',
  },

  searchNote: 'ما بقي لدى هذه الصفحة فقط: لا شيء غيرها يتذكر ما قيل.',
  allRooms: 'كل غرفي',
  older: 'تطابق أقدم',
  younger: 'تطابق أحدث',
  closeSearch: 'إغلاق البحث',
  found: (n: number): string => (n === 0 ? 'لم يُعثر على شيء' : `عُثر على ${counted(n, results)}`),
  foundAt: (at: number, of: number): string => `${number(at)} من ${number(of)}`,
  listedOf: (shown: number, all: number): string => `أحدث ${number(shown)} من ${number(all)}.`,
} satisfies Words;
