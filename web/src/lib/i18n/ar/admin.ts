import type en from '../en/admin';

export default {
  title: 'الإدارة',
  sections: 'الأقسام',
  nothing: 'لا شيء هنا من شأنك أن ترعاه.',
} satisfies typeof en;
