/** Errors by their code (docs/protocol.md, "Errors"). What a code leaves open is told by the field at fault. */
const byCode: Readonly<Record<string, string>> = {
  malformed: 'لم يفهم الخادم هذا الطلب.',
  unknown_command: 'لا يعرف الخادم هذا الطلب.',
  unauthenticated: 'الاسم أو كلمة المرور غير صحيحة، أو انتهت جلسة دخولك.',
  forbidden: 'ليس لك أن تفعل هذا.',
  enrol: 'العامل الثاني مطلوب هنا. أعدّ واحدًا أولًا.',
  not_found: 'لا يوجد شيء كهذا، أو ليس لك أن تراه.',
  conflict: 'الاسم مأخوذ، أو تغيّر الشيء في الأثناء.',
  too_large: 'هذا أطول مما يسمح به الخادم.',
  rate_limited: 'هذا أكثر مما يُسمح به في هذا الوقت. انتظر قليلًا ثم حاول مرة أخرى.',
  too_late: 'فات الأوان: لم تعد الرسالة حيث يمكن تغييرها.',
  limit: 'بلغت الحد الأقصى المسموح به.',
  not_in_room: 'لست في هذه الغرفة.',
  busy: 'الخادم مشغول الآن. حاول مرة أخرى بعد قليل.',
  stopping: 'الخادم يتوقف الآن. حاول مرة أخرى بعد قليل.',
  internal: 'حدث خطأ في الخادم. حاول مرة أخرى.',
};

const byField: Readonly<Record<string, string>> = {
  username: 'اسم المستخدم غير صالح: حروف وأرقام و @ . + - _ لا غير.',
  password: 'كلمة المرور غير صالحة: اختر كلمة أطول وأصعب تخمينًا، لا تشبه اسمك.',
  invitation: 'هذه الدعوة غير صالحة أو انتهت.',
  code: 'الرمز غير صحيح.',
  name: 'الاسم غير صالح: حروف وأرقام و - _ . لا غير.',
  title: 'العنوان غير صالح: قد يكون طويلًا جدًا.',
  topic: 'الموضوع غير صالح: قد يكون طويلًا جدًا.',
  access: 'لا يمكن اختيار هذا.',
  uses: 'العدد غير صالح.',
  days: 'عدد الأيام غير صالح.',
  text: 'النص غير صالح: قد يكون فارغًا أو طويلًا جدًا.',
};

/** Where a code says another thing about a field. */
const byBoth: Readonly<Record<string, string>> = {
  'forbidden token': 'لم يعد هذا الرابط صالحًا: استُخدم أو قدُم أو سُحب. أنشئ رابطًا آخر.',
  'forbidden ticket': 'رفض الجهاز الآخر.',
  'forbidden login': 'سجّل الخروج ثم الدخول أولًا، ليُعلم أنك أنت.',
  'unauthenticated ticket': 'طال ذلك أو كثرت المحاولات. ابدأ من جديد.',
  'conflict identity': 'لن يبقى لك ما تدخل به. ضع كلمة مرور أو أضف مفتاح مرور أولًا.',
  'conflict passkey': 'لن يبقى لك ما تدخل به. ضع كلمة مرور أو أضف مفتاح مرور آخر أولًا.',
  'conflict second_factor': 'العامل الثاني مطلوب هنا. أعدّ واحدًا آخر أولًا.',
};

/** The sentence for an error; empty where there is none, and the server's own is shown. */
export const problem = (code: string, field: string): string =>
  byBoth[`${code} ${field}`] ?? (code === 'invalid' ? byField[field] : byCode[code]) ?? '';
