import { isolated } from '../sentence';

/** One's own account: the password, forgotten or changed, the address, and what one says of oneself. */
export default {
  // Forgotten.
  forgot: 'Forgot your password?',
  forgotTells: 'Give the address of mail of your account. A link to set a new password will come there.',
  noMail: 'This server sends no mail. Ask those who run it for a link to set a new password.',
  email: 'Address of mail',
  send: 'Send the link',
  sent: 'If an account has this address, and it was confirmed, a mail is on its way.',
  toLogIn: 'Log in',
  reset: 'Set a new password',
  newPassword: 'New password',
  changed: 'The password was changed. Log in with the new one.',
  confirm: 'Confirm your address',
  confirmTells: 'With this you say that you read the mail of the address.',
  confirmed: 'Your address is confirmed.',
  noToken: 'This link is not whole. Copy all of it from the mail.',
  confirmFirst: 'A mail is on its way. Open the link in it, and then log in.',

  // The settings.
  profile: 'Profile',
  passwordTitle: 'Password',
  picture: 'Picture',
  pictureTells: 'Others see it beside your name. It is cut square.',
  choose: 'Choose a picture',
  remove: 'Remove it',
  badPicture: 'That is no picture that this browser can read.',
  displayName: 'Display name',
  displayNameHint: 'What you are called besides your username. Empty for nothing.',
  emailHint: 'To set a forgotten password anew. Nobody else sees it, but those who run the server.',
  waiting: 'It is not confirmed yet: open the link in the mail that was sent there.',
  sendAgain: 'Send it again',
  present: 'Present password',
  presentHint: 'Needed where the address changes.',
  saved: 'Saved.',
  change: 'Change the password',
  othersEnd: 'All other browsers are logged out. This one goes on.',
  passwordChanged: 'The password was changed.',
  noPassword: 'This account has no password. Ask those who run the server for a link to set one.',
  data: 'Your data',
  dataTells: 'All that the server has stored about you. Of what was said there is nothing.',
  download: 'Download it',
  end: 'Delete the account',
  endTells: (name: string) =>
    `The account ${isolated(name)} is deleted at once, for good. Your rooms stay, without an owner.`,
};
