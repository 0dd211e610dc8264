import type en from '../en/talk';
import { number } from '../language.svelte';
import { counted } from './plural';

const person = { one: 'شخص واحد', two: 'شخصان', few: 'أشخاص', many: 'شخصًا', other: 'شخص' };
const bytes = { one: 'بايت واحد', two: 'بايتان', few: 'بايتات', many: 'بايتًا', other: 'بايت' };

export default {
  message: 'رسالة',
  saySomething: 'قل شيئًا',
  emoji: 'رموز تعبيرية',
  send: 'إرسال',
  sendHow: 'إرسال (Enter). اسحبه إلى أعلى لتصيح، وإلى أسفل لتهمس.',
  sendAnyway: 'أرسله رسالةً كما هو',
  noCommands: 'تعذّر تحميل الأوامر. حاول مرة أخرى.',
  noEdit: 'تعذّر تحميل ما يلزم لتعديلها. حاول مرة أخرى.',
  offline: 'غير متصل: ما ترسله ينتظر هنا.',
  blank: 'لن يرى هذا أحد: إنه فارغ.',
  audience(n: number): string {
    if (n <= 0) return 'لا أحد غيرك هنا ليسمعك.';
    return `سيسمع هذا ${counted(n, person)}.`;
  },
  bytesLeft: (n) => `بقي ${counted(n, bytes)}`,
  bytesOver: (n) => `أطول مما يُسمح به: ${counted(n, bytes)}`,

  edited: 'معدّلة',
  takenBack: 'سُحبت',
  sending: 'تُرسل…',
  waits: 'تنتظر الاتصال.',
  notSent: (why) => `لم تُرسل. ${why}`,
  retry: 'إعادة المحاولة',
  discard: 'تجاهل',
  heardBy: (n) => (n === 0 ? 'لم يسمعها أحد' : `سمعها ${counted(n, person)}`),

  conversation: 'المحادثة',
  whileAway: 'أثناء غيابك',
  fresh: (n) => `${number(n)} جديدة`,
  jump: 'إلى الأحدث',
  nobodyHere: 'لا أحد غيرك هنا. ما تقوله الآن لا يسمعه أحد، ولا يُحفظ لمن يأتي لاحقًا.',
  nothingSaid: 'لم يُقل شيء منذ دخلت. قل شيئًا: يسمعه كل من في الغرفة.',
  hearers: (who) => `يسمعك ${who}.`,
  clear: 'إفراغ شاشتي',
  cleared: 'أُفرغت شاشتك. ما يُقال من هنا فصاعدًا يظهر أدناه.',
} satisfies typeof en;
