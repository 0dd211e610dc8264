/** Signing up, and setting a server up. */
export default {
  setUp: 'Set up this server',
  setUpTells:
    'Nobody has an account here yet. The server printed a set-up code when it started: with it you become the administrator.',
  setUpCode: 'Set-up code',
  become: 'Become the administrator',
  closed: 'This server takes no new people. Ask those who run it for an account.',
  byInvitation:
    'This server takes new people by invitation. Open the link you were given, or paste it below.',
  invitation: 'Invitation',
  usernameHint: 'What the others see: letters, digits and @ . + - _',
  haveAccount: 'Have an account?',
  forgot: 'Forgot your password?',
  noAccount: 'No account yet?',
  invited: 'Were you invited?',
};
