import type en from '../en/security';
import { isolated } from '../sentence';
import { counted } from './plural';

const days = { one: 'يوم واحد', two: 'يومين', few: 'أيام', many: 'يومًا', other: 'يوم' };
const codes = { one: 'رمز واحد', two: 'رمزان', few: 'رموز', many: 'رمزًا', other: 'رمز' };
const logIns = { one: 'جلسة واحدة', two: 'جلستان', few: 'جلسات', many: 'جلسة', other: 'جلسة' };

/** Of passkeys. */
const passkeys = {
  recoveryOnly: 'أو أدخل أحد رموز الاسترداد.',
  passkeys: 'مفاتيح المرور',
  passkeysHint:
    'مفتاح مرور على هاتفك أو حاسوبك أو مفتاح أمان يُدخلك بلا كلمة مرور. وبعد كلمة المرور هو الخطوة الثانية.',
  passkeysNotHere: 'لا يستطيع هذا المتصفح استخدام مفاتيح المرور على هذا العنوان.',
  passkeyName: 'اسم مفتاح المرور',
  passkeyNameHint: 'مثل الجهاز الذي هو عليه.',
  addPasskey: 'إضافة مفتاح مرور',
  nameNeeded: 'الاسم مطلوب.',
  usePasskey: 'الدخول بمفتاح مرور',
  passkeyKnown: 'على هذا الجهاز مفتاح مرور لك من قبل.',
  passkeyFailed: 'لم يُستخدم مفتاح المرور. حاول مرة أخرى أو ادخل بطريقة أخرى.',
  rename: 'إعادة تسمية',
  renameNamed: (name: string): string => `إعادة تسمية ${isolated(name)}`,
  removePasskey: 'إزالة',
  removeNamed: (name: string): string => `إزالة ${isolated(name)}`,
  removePasskeyQuestion: 'لن يُدخلك بعد ذلك. ولك أن تزيله من الجهاز أيضًا في إعداداته.',
};

export default {
  ...passkeys,
  title: 'الأمان',
  sessions: 'أين سجّلت الدخول',
  tokens: 'رموز الوصول',

  secondHint: 'أدخل الرمز الذي يُظهره تطبيق المصادقة، أو أحد رموز الاسترداد.',
  code: 'الرمز',
  logIn: 'تسجيل الدخول',
  again: 'البدء من جديد',

  password: 'كلمة المرور',
  currentCode: 'الرمز من تطبيق المصادقة',

  authenticator: 'تطبيق المصادقة',
  authenticatorOff: 'مع تطبيق على هاتفك يصنع الرموز، لا تكفي كلمة مرورك وحدها من عرفها ليدخل.',
  authenticatorOn: 'يُطلب رمز من تطبيق المصادقة حين تسجّل الدخول.',
  setUp: 'إعداد تطبيق مصادقة',
  scan: 'امسح هذه الصورة بتطبيق المصادقة أو اكتب المفتاح فيه، ثم أدخل الرمز الذي يُظهره.',
  picture: 'المفتاح رمزَ QR',
  key: 'المفتاح',
  confirm: 'تأكيد',
  remove: 'إزالة تطبيق المصادقة',
  removeQuestion: 'لن يُطلب منك رمز منه بعد ذلك. وتذهب رموز الاسترداد مع آخر خطوة ثانية لك.',

  recovery: 'رموز الاسترداد',
  recoveryLeft: (n: number): string => `بقي لك من رموز الاسترداد: ${counted(n, codes)}.`,
  recoveryHint: 'كل منها يُدخلك مرة واحدة حين لا يكون تطبيق المصادقة في متناولك.',
  recoveryShown: 'احفظ هذه الرموز حيث تجدها من دون هاتفك. لن تظهر مرة أخرى.',
  renew: 'صنع رموز جديدة',
  renewQuestion: 'لن تعود رموزك السابقة صالحة.',
  copy: 'نسخ',
  copied: 'نُسخت',
  done: 'تم',

  sessionsHint: 'إنهاء جلسة يُخرج ذلك المتصفح حالًا.',
  unknownDevice: 'برنامج غير معروف',
  thisOne: 'هذا المتصفح',
  lastUsed: (when: string): string => `آخر استخدام ${when}`,
  since: (when: string): string => `منذ ${when}`,
  end: 'إنهاء',
  endNamed: (device: string): string => `إنهاء ${isolated(device)}`,
  endOthers: 'إنهاء كل ما عداها',
  endOthersQuestion: 'يُخرَج حالًا كل متصفح آخر سجّلت الدخول فيه.',
  ended: (n: number): string => `أُنهيت ${counted(n, logIns)}.`,

  tokensHint:
    'رموز الوصول تُدخل البرامج والروبوتات باسمك. لا يفعل كل منها إلا ما جُعل له، ولك أن تبطله متى شئت.',
  noTokens: 'ليس لديك رموز وصول.',
  newToken: 'رمز وصول جديد',
  name: 'الاسم',
  nameHint: 'ما الغرض منه، لتعرفه لاحقًا.',
  scopes: 'ما يحق له',
  scopeNames: {
    chat: 'الكلام: دخول الغرف والاستماع والنشر',
    rooms: 'الغرف: إنشاؤها وتعديلها وحذفها، وتعيين من يدخلها',
    account: 'حسابك: رؤية أين سجّلت الدخول',
    admin: 'الإدارة، بقدر ما يحق لك',
  },
  ends: 'ينتهي',
  days: (n: number): string => `بعد ${counted(n, days)}`,
  never: 'حين تبطله',
  create: 'صنع رمز الوصول',
  shownOnce: 'انسخ رمز الوصول الآن. لن يظهر مرة أخرى.',
  unnamed: 'بلا اسم',
  neverUsed: 'لم يُستخدم قط',
  endsOn: (when: string): string => `ينتهي في ${when}`,
  revoke: 'إبطال',
  revokeNamed: (name: string): string => `إبطال ${isolated(name)}`,
  revokeQuestion: (name: string): string => `كل ما يستخدم ${isolated(name)} يُقطع حالًا.`,
} satisfies Partial<typeof en>;
