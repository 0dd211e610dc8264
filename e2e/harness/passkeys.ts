import type { Person } from './person.ts';
import { password, type Scene } from './scene.ts';

/** Goes to a page by the server's name: passkeys belong to one, and to no address. */
export async function visitByName(scene: Scene, person: Person, path: string): Promise<void> {
  await person.page.goto(scene.server.url.replace('127.0.0.1', 'localhost') + path);
}

/** Opens a window on a computer that has passkeys, logs in, and makes one of that name; it ends where recovery codes are shown. */
export async function makePasskey(scene: Scene, user: string, called: string): Promise<Person> {
  const person = await scene.window(user);
  const cdp = await person.context.newCDPSession(person.page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await visitByName(scene, person, '/login');
  await person.submit({ Username: user, Password: password }, 'Log in');
  await person.connected();
  await visitByName(scene, person, '/settings/security');
  await person.submit({ 'Name of the passkey': called }, 'Add a passkey');
  const proof = person.page.getByRole('dialog');
  await proof.getByLabel('Password', { exact: true }).fill(password);
  await proof.getByRole('button', { name: 'Go on' }).click();
  await person.page.getByTestId('once').waitFor();
  return person;
}
