/** The names of the settings and of their sections: they stand in the way into a room. What a section says is in an area of its own. */
export default {
  title: 'Settings',
  back: 'Back to the rooms',
  backToSections: 'All settings',
  sections: 'Sections',
  appearance: 'Appearance',
  notifications: 'Notifications',
  privacy: 'Privacy',
};
