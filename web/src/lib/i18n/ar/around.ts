import type en from '../en/around';
import { number } from '../language.svelte';
import { isolated as name } from '../sentence';
import { counted } from './plural';

const result = { one: 'نتيجة واحدة', two: 'نتيجتان', few: 'نتائج', many: 'نتيجة', other: 'نتيجة' };

export default {
  invite: 'دعوة أشخاص',
  logOut: 'تسجيل الخروج',

  tellMe: 'أخبرني عن',
  levels: { all: 'كل شيء', mentions: 'ما يخصّني', nothing: 'لا شيء' },
  pin: 'تثبيت في الأعلى',
  unpin: 'إلغاء التثبيت',
  moveUp: 'نقل إلى أعلى',
  moveDown: 'نقل إلى أسفل',
  moveUpKeys: 'Ctrl+Shift+↑ في القائمة',
  moveDownKeys: 'Ctrl+Shift+↓ في القائمة',
  isPinned: (title) => `ثُبّتت ${name(title)}.`,
  isUnpinned: (title) => `لم تعد ${name(title)} مثبّتة.`,
  isOver: (title) => `لم تعد تسمع ${name(title)}.`,
  movedTo: (title, at, of) => `${name(title)} في الموضع ${number(at)} من ${number(of)}.`,

  until: (time) => `حتى ${time}، ثم يمكن إزعاجك من جديد.`,
  quietFor: 'عدم الإزعاج لمدة',
  get quietTimes() {
    return { half: `${number(30)} دقيقة`, hour: 'ساعة', tomorrow: 'حتى الغد' };
  },

  toldMention: 'أُشير إليك أو أُجيب عليك',
  toldMessage: 'قيل شيء',

  notify: 'إظهار الإشعارات حين تكون الصفحة مخفية',
  notifyNote: 'تذكر اسم الغرفة. أما ما قيل ومن قاله فليس فيها إلا إن طلبته.',
  notifyText: 'مع من كتب، وما كتب',
  notifyTextNote: 'قد يحفظ نظامك ما يعرضه: على شاشة القفل، وفي قائمة خاصة به.',
  notifyDenied:
    'متصفحك لا يسمح لهذه الصفحة بإظهار الإشعارات. اسمح بها عند العلامة التي قبل العنوان، ثم شغّل هذا من جديد.',
  notifyMissing: 'ليس في متصفحك إشعارات لهذه الصفحة. فهي تحتاج إلى HTTPS، أو إلى هذا الجهاز نفسه.',
  sound: 'صوت خافت لما يُقال في مكان آخر',
  soundNote: 'نغمتان لما يخصّك، ونغمة واحدة لما سواه.',
  hear: 'اسمعه',
  usual: 'أخبرني، في كل غرفة لم أحدد لها غير ذلك، عن',
  eachRoom: 'غرفة غرفة',
  asUsual: (level) => `كالمعتاد (${level})`,
  noRooms: 'لست في أي غرفة.',
  keptHere: 'يُحفظ هذا في هذا المتصفح فقط، بأرقام الغرف.',

  switcher: 'الذهاب إلى غرفة أو فعل شيء',
  switcherHint: 'غرفة أو شخص أو أمر',
  results: 'النتائج',
  resultCount: (n) => (n === 0 ? 'لا شيء باسم كهذا.' : counted(n, result)),
  enterRoom: 'دخول',
  isIn: (title) => `في ${name(title)}`,
  people: 'إظهار من هنا أو إخفاؤهم',
  leave: 'مغادرة هذه الغرفة',
  markAllRead: 'اعتبار كل شيء مقروءًا',
  quietOn: 'عدم الإزعاج: تشغيل',
  quietOff: 'عدم الإزعاج: إيقاف',
  themes: {
    light: 'المظهر: فاتح',
    dark: 'المظهر: داكن',
    contrast: 'المظهر: تباين عالٍ',
    system: 'المظهر: كالنظام',
  },
  nothingUnread: 'لا شيء غير مقروء.',

  keysTitle: 'المفاتيح',
  keysNote: 'المفاتيح التي بلا Ctrl أو Alt لا تعني شيئًا وأنت تكتب.',
  keys: {
    switcher: 'الذهاب إلى غرفة أو فعل شيء',
    up: 'الغرفة السابقة',
    down: 'الغرفة التالية',
    unreadUp: 'الغرفة السابقة التي فيها غير مقروء',
    unreadDown: 'الغرفة التالية التي فيها غير مقروء',
    search: 'البحث في ما على الشاشة',
    escape: 'إغلاق المفتوح؛ وفي الغرفة: اعتبارها مقروءة والذهاب إلى الأحدث',
    moveUp: 'نقل الغرفة إلى أعلى، في القائمة',
    moveDown: 'نقل الغرفة إلى أسفل، في القائمة',
    keys: 'إظهار هذه المفاتيح',
  },

  searchNote: 'ما لا يزال في هذه الصفحة فقط: لا شيء غيرها يذكر ما قيل.',
  allRooms: 'كل غرفي',
  older: 'النتيجة الأقدم',
  younger: 'النتيجة الأحدث',
  closeSearch: 'إغلاق البحث',
  found: (n) => (n === 0 ? 'لم يُعثر على شيء' : counted(n, result)),
  foundAt: (at, of) => `${number(at)} من ${number(of)}`,
  listedOf: (shown, all) => `أحدث ${number(shown)} من ${number(all)}.`,
  settings: 'الإعدادات',
  administration: 'الإدارة',
  look: 'المظهر',
  lookSystem: 'النظام',
  lookLight: 'فاتح',
  lookDark: 'داكن',
} satisfies typeof en;
