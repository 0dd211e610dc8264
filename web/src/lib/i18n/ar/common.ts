import type en from '../en/common';
import { number } from '../language.svelte';
import { isolated } from '../sentence';
import { counted } from './plural';
import { problem } from './problems';

const person = { one: 'شخص واحد', two: 'شخصان', few: 'أشخاص', many: 'شخصًا', other: 'شخص' };
const people = (n: number): string => counted(n, person);

export default {
  again: 'إعادة المحاولة',
  close: 'إغلاق',
  back: 'العودة إلى الغرف',
  later: 'تعذّر تحميل هذا الجزء.',
  kept: 'ما الذي يُحفظ',
  people,

  problem,
  wrong: 'حدث خطأ ما. حاول مرة أخرى.',
  status: (n) => `أجاب الخادم بخطأ (${n}). حاول مرة أخرى.`,
  wait: (seconds) => ` أعد المحاولة بعد ${number(seconds)} ث.`,
  unreachable: 'تعذّر الوصول إلى الخادم. تحقق من شبكتك وحاول مرة أخرى.',
  unreadable: 'تعذّرت قراءة جواب الخادم. حاول مرة أخرى.',

  promise: 'تسمع ما يُقال ما دمت في الغرفة، ولا يُحفظ منه شيء.',
  logIn: 'تسجيل الدخول',
  signUp: 'إنشاء حساب',
  username: 'اسم المستخدم',
  password: 'كلمة المرور',
  showPassword: 'إظهار كلمة المرور',
  silent: 'الخادم لا يجيب',
  offline: 'أنت غير متصل بالشبكة',
  offlineTells: 'لا توجد شبكة الآن. لا يُحفظ هنا شيء مما قيل، فليس ثمة ما يُعرض. تتابع الصفحة حين تعود الشبكة.',
  logInEnded: 'انتهت جلسة دخولك. سجّل الدخول من جديد للمتابعة.',
  notToldLogOut: (why) => `تعذّر إبلاغ الخادم بأنك سجّلت الخروج: ${why}`,

  connectionLost: 'انقطع الاتصال قبل أن يأتي الجواب.',

  privateRoom: 'غرفة خاصة',
  staffOnly: 'للطاقم فقط',
  accessOf: (access) => `${access}:`,
  skip: 'تخطَّ إلى خانة الكتابة',
  peopleHere: 'الحاضرون',
  peopleCount: (n) => `الحاضرون: ${number(n)}`,
  peopleUnknown: 'الحاضرون: غير معروفين أثناء الانقطاع',
  you: 'أنت',
  away: 'بعيد',
  dnd: 'عدم الإزعاج',
  roomMenu: 'قائمة الغرفة',
  deleteRoom: 'حذف الغرفة',
  over: 'لم تعد تسمع هذه الغرفة. ما تراه هنا يزول متى أغلقتها.',
  noRooms: 'لا توجد غرف بعد',
  enterOne: 'ادخل غرفة',
  createFirst: 'في الغرف يتحدث الناس هنا. أنشئ الأولى ليدخلها الآخرون.',
  createRoom: 'إنشاء غرفة',
  askForRoom: 'في الغرف يتحدث الناس هنا. اطلب من القائمين على الخادم إنشاء واحدة.',
  choose: 'اختر غرفة من القائمة. تسمع ما يُقال ما دمت فيها، ولا يُحفظ منه شيء.',
  entering: (room) => `جارٍ الدخول إلى ${isolated(room)}…`,
  whenConnected: 'حالما يعود الاتصال.',
  inside: (n) => `في الداخل ${people(n)}`,
  enter: 'دخول',
  entrance: 'يرى الآخرون أنك دخلت. وتسمع ما يُقال من ذلك الحين.',
  notListed: 'تعذّر عرض الغرف',
  looking: 'جارٍ البحث عن الغرفة…',
  noRoom: 'لا توجد غرفة بهذا الاسم',
  noRoomTells: (name) => `لا توجد غرفة اسمها «${name}»، أو ليس لك أن تراها.`,
  seeRooms: 'عرض الغرف الموجودة',

  start: 'تسمع ما يُقال من هنا فصاعدًا.',
  reloaded: 'أُعيد تحميل الصفحة. ما قيل من قبل لم يُحفظ، وتسمع ما يُقال من هنا فصاعدًا.',
  disconnected: (at) => `أنت منقطع منذ ${at}. ما يُقال في الأثناء يصلك إن عدت قريبًا.`,
  wasAway: 'كنت منقطعًا، وما قيل في الأثناء لم يُحفظ لك.',
  restarted: 'أُعيد تشغيل الخادم، وما قيل في الأثناء لم يصلك.',
  missing: 'قد يكون هنا شيء ناقص: لم يصلك كل ما قيل.',
  missingUpTo: (n) =>
    `قد تنقص هنا ${counted(n, { one: 'رسالة واحدة', two: 'رسالتان', few: 'رسائل', many: 'رسالة', other: 'رسالة' })} على الأكثر.`,
  changed: (what) => `عُدّلت الغرفة: ${what}`,
  deleted: 'حُذفت هذه الغرفة.',
  putOut: 'أُخرجتَ من هذه الغرفة.',
  entered: (who) => `دخل ${who}`,
  departed: (who) => `خرج ${who}`,
  passed: (who) => `دخل ثم خرج ${who}`,
  returned: (who) => `خرج ثم عاد ${who}`,
  others: (n) =>
    counted(n, { one: 'شخص آخر', two: 'شخصان آخران', few: 'آخرون', many: 'آخرون', other: 'آخرون' }),
  typing: (who, n) => (n === 2 ? `${who} يكتبان…` : `${who} يكتب…`),
  severalTyping: 'عدة أشخاص يكتبون…',
  today: 'اليوم',
  yesterday: 'أمس',

  expired: 'لم يكن ثمة سبيل إلى إرسالها طوال خمس دقائق.',
  expiredTried: 'انقطع الاتصال ولم يأت جواب طوال خمس دقائق: ربما سُمعت.',
} satisfies typeof en;
