export default {
  title: 'Administration',
  sections: 'Sections',
  nothing: 'There is nothing here that you may look after.',
};
