import type en from '../en/standing';
import { number } from '../language.svelte';

export default {
  connecting: 'جارٍ الاتصال…',
  reconnecting: 'جارٍ إعادة الاتصال… ما تكتبه يبقى ويُرسل.',
  waits: (why) => `${why} ما تكتبه يبقى ويُرسل.`,
  lost: 'غير متصل: انقطع الاتصال.',
  lostRestart: 'غير متصل: الخادم يُعاد تشغيله.',
  lostSlow: 'غير متصل: كانت شبكتك أبطأ مما يُقال.',
  lostSilent: 'غير متصل: لم يعد يُسمع شيء من الخادم.',
  lostFull: 'غير متصل: لديك اتصالات مفتوحة كثيرة، أو أن الخادم ممتلئ.',
  lostReach: 'غير متصل: تعذّر الوصول إلى الخادم.',
  endedLogIn: 'غير متصل: انتهت جلسة دخولك.',
  endedRefused: 'غير متصل: رفض الخادم كثيرًا مما أرسلته هذه الصفحة.',
  endedForeign: 'غير متصل: الخادم لا يفهم هذه الصفحة.',
  connected: 'عاد الاتصال.',
  tryingIn: (seconds) => `المحاولة التالية بعد ${number(seconds)} ث.`,
  tryNow: 'حاول الآن',
  reload: 'إعادة تحميل الصفحة',
} satisfies typeof en;
