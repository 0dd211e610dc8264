export default {
  newMessages: (n: number): string => (n === 1 ? '1 new message' : `${n.toLocaleString('en')} new messages`),
  gone: (n: number): string =>
    `The ${n === 1 ? 'oldest line is' : `oldest ${n.toLocaleString('en')} lines are`} gone: there were too many to keep on the page.`,
};
