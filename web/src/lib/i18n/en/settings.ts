export default {
  title: 'Settings',
  back: 'Back to the rooms',
  sections: 'Sections',
  appearance: 'Appearance',
  loading: 'This part could not be loaded.',
  again: 'Try again',
};
