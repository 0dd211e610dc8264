import type en from '../en/settings';

export default {
  title: 'الإعدادات',
  back: 'العودة إلى الغرف',
  backToSections: 'كل الإعدادات',
  sections: 'الأقسام',
  appearance: 'المظهر',
  notifications: 'الإشعارات',
  privacy: 'الخصوصية',
} satisfies typeof en;
