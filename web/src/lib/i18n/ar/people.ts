import type en from '../en/people';
import { number } from '../language.svelte';

export default {
  peopleIn: 'الحاضرون في هذه الغرفة',
  backToTalk: 'العودة إلى المحادثة',
  shownOf: (shown, all) => `يظهر ${number(shown)} من ${number(all)}`,
  showMore: 'إظهار المزيد',
  notInRoom: 'لست في هذه الغرفة.',
  hereUnknown: 'لا يُعرف من هنا ما دمت غير متصل.',
} satisfies typeof en;
