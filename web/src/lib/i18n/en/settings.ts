export default {
  title: 'Settings',
  back: 'Back to the rooms',
  sections: 'Sections',
  appearance: 'Appearance',
  notifications: 'Notifications',
  loading: 'This part could not be loaded.',
  again: 'Try again',
};
