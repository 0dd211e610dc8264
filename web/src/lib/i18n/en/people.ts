import { number } from '../language.svelte';

/** The people's pane. */
export default {
  peopleIn: 'People in this room',
  backToTalk: 'Back to the conversation',
  shownOf: (shown: number, all: number) => `${number(shown)} of ${number(all)} shown`,
  showMore: 'Show more',
  notInRoom: 'You are not in this room.',
  hereUnknown: 'Who is here is not known while you are disconnected.',
};
