import type en from '../en/choices';
import { counted } from './plural';

export default {
  look: 'المظهر',
  system: 'النظام',
  light: 'فاتح',
  dark: 'داكن',
  contrast: 'تباين عالٍ',
  contrastHint: 'التباين العالي فاتح أو داكن كما هو النظام.',
  language: 'اللغة',
  browserLanguage: 'كما في المتصفح',
  text: 'حجم النص',
  textSmall: 'صغير',
  textNormal: 'عادي',
  textLarge: 'كبير',
  textHuge: 'كبير جدًا',
  textSample: 'بهذا الحجم يظهر ما يقوله الناس.',
  motion: 'الحركة',
  motionSystem: 'كما في النظام',
  motionLess: 'أقل',
  motionFull: 'كلها',
  reading: 'القراءة',
  writing: 'الكتابة',
  enterSends: 'مفتاح Enter يرسل',
  enterSendsOn: 'Shift+Enter يبدأ سطرًا جديدًا.',
  enterSendsOff: 'Enter يبدأ سطرًا جديدًا، و Ctrl+Enter يرسل.',

  others: 'ما يُبلَّغ به الآخرون',
  typing: 'يرى الآخرون أنني أكتب',
  typingHint: 'وترى ذلك منهم على أي حال.',
  seen: 'يرى الآخرون إلى أين قرأت',
  seenHint: 'في الغرف الصغيرة فقط. وترى ذلك منهم على أي حال.',
  here: 'ما يحفظه هذا المتصفح',
  hereTells: 'لا شيء مما قيل أو كُتب أبدًا. هذا فقط:',
  rooms: (n) =>
    n === 1
      ? 'رقم غرفة واحدة كنت فيها'
      : `أرقام الغرف التي كنت فيها: ${counted(n, { one: 'غرفة واحدة', two: 'غرفتان', few: 'غرف', many: 'غرفة', other: 'غرفة' })}`,
  choices: (n) =>
    `من هذه الإعدادات: ${counted(n, { one: 'اختيار واحد', two: 'اختياران', few: 'اختيارات', many: 'اختيارًا', other: 'اختيار' })}`,
  cookie: 'ملف تعريف ارتباط تبقى به مسجّل الدخول إلى أن تخرج',
  files: 'ملفات الصفحة نفسها، وليس فيها شيء منك',
  keepFiles: 'الاحتفاظ بملفات الصفحة نفسها',
  keepFilesHint: 'عندئذ تُفتح دون شبكة، وتقول إنه لا شبكة.',
  forget: 'انسَ ذلك',
  forgetTells: 'تعود الاختيارات كما كانت في البداية، ولا تُدخَل الغرف التي كنت فيها من تلقاء نفسها.',
  forgotten: 'نُسي.',
  server: 'ما يحفظه الخادم',
  serverTells: 'يخبرك إلى متى، بإعداداته هو، ومن يستطيع قراءته.',
} satisfies typeof en;
