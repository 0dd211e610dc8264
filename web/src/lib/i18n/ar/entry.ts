import type en from '../en/entry';

export default {
  setUp: 'إعداد هذا الخادم',
  setUpTells: 'لا أحد لديه حساب هنا بعد. طبع الخادم رمز إعداد حين بدأ: به تصبح المدير.',
  setUpCode: 'رمز الإعداد',
  become: 'كن المدير',
  closed: 'لا يقبل هذا الخادم أشخاصًا جددًا. اطلب حسابًا من القائمين عليه.',
  byInvitation: 'يقبل هذا الخادم أشخاصًا جددًا بدعوة. افتح الرابط الذي أُعطيته أو الصقه أدناه.',
  invitation: 'الدعوة',
  usernameHint: 'ما يراه الآخرون: حروف وأرقام و @ . + - _',
  haveAccount: 'لديك حساب؟',
  forgot: 'هل نسيت كلمة المرور؟',
  noAccount: 'ليس لديك حساب؟',
  invited: 'هل دُعيت؟',
} satisfies typeof en;
