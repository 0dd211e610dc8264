import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { attack, isHarmless } from '../harness/attacks.ts';
import { makePasskey } from '../harness/passkeys.ts';
import type { Person } from '../harness/person.ts';
import { Provider } from '../harness/provider.ts';
import { Scene } from '../harness/scene.ts';
import { stopping, type Step } from '../harness/walk.ts';
import { admin } from '../walks/admin.ts';
import { entry } from '../walks/entry.ts';
import { furnished } from '../walks/house.ts';
import { rooms } from '../walks/rooms.ts';
import { settings } from '../walks/settings.ts';
import { talk } from '../walks/talk.ts';

let scene: Scene;

const stranger = {
  sub: attack,
  preferred_username: 'eve',
  name: attack,
  email: 'eve@example.org',
  email_verified: true,
  groups: [attack],
};

beforeAll(async () => {
  scene = await furnished({ EARSHOT_SIGN_UP: 'open' });
  const api = await scene.api('ana');
  await api.createRoom({ name: 'garden' });
  await api.addMember(await api.createRoom({ name: 'cellar', access: 'private' }), 'ben');
});
afterEach(async () => {
  await scene.clear();
});
afterAll(async () => {
  await scene.end();
});

/** Types the attack into every field that is seen, looks whether it is text there, and puts back what stood there. */
async function typed(person: Person): Promise<void> {
  const fields = person.page.locator(
    'input:enabled:not([type=checkbox]):not([type=radio]):not([type=file]):not([type=date]):not([type=number]):not([readonly]), textarea:enabled',
  );
  const open = person.page.locator('dialog:modal');
  const place = (await open.count()) > 0 ? open.last().locator(fields) : fields;
  const all = await place.filter({ visible: true }).all();
  const before: string[] = [];
  for (const field of all) {
    before.push(await field.inputValue());
    await field.fill(attack);
  }
  await isHarmless(person);
  for (const [at, field] of all.entries()) await field.fill(before[at] ?? '');
}

test.each<[string, readonly Step[]]>([
  ['on the pages for those who are not logged in', entry],
  ['around rooms', rooms],
  ['in a room', talk],
  ['in the settings', settings],
  ['in the administration', admin],
])('%s what is typed is text', async (_, steps) => {
  const ben = await scene.person('ben');
  await ben.visit('/rooms/kitchen');
  await ben.page.getByRole('button', { name: 'Enter', exact: true }).click();
  await ben.isIn('kitchen');
  const ana = [entry, rooms].includes(steps) ? await scene.window('ana') : await scene.person('ana');
  await stopping(ana, steps, () => typed(ana));
});

test('so is what a provider says of somebody, and what it is called', async () => {
  const provider = await Provider.open(stranger);
  const own = await Scene.set(['ana'], { ...provider.settings, EARSHOT_OIDC_LABEL: attack });
  try {
    const eve = await own.window('eve');
    await eve.visit('/login');
    await eve.page.getByRole('button').filter({ hasText: attack }).click();
    await eve.page.getByRole('button', { name: /^Go on as/ }).click();
    await eve.connected();
    const ana = await own.person('ana');
    for (const [person, path] of [
      [eve, '/settings/profile'],
      [eve, '/settings/security'],
      [ana, '/admin/users'],
    ] as const) {
      await person.visit(path);
      await person.page.waitForLoadState('networkidle');
      await isHarmless(person);
    }
    await own.clear();
  } finally {
    await own.end();
    await provider.close();
  }
});

test('so is the name of a passkey', async () => {
  const ana = await makePasskey(scene, 'ana', attack);
  await ana.page.getByRole('button', { name: 'Done' }).click();
  await ana.page.getByTestId('passkey').getByText(attack).waitFor();
  await ana.page.getByTestId('passkey').getByRole('button').first().click();
  await ana.page.getByRole('dialog').waitFor();
  await isHarmless(ana);
});

/**
 * The fields that people fill, by the component that has them: how many there are, and what tries them. The walks of this file
 * come to most; fields.test.ts has those whose text is kept, and shows it wherever it is shown.
 */
const fields: Record<string, [count: number, tried: string]> = {
  'compose/EmojiPicker.svelte': [1, 'in a room'],
  'moderate/Term.svelte': [1, 'in a room; fields.test.ts keeps reasons'],
  'notice/Search.svelte': [1, 'in a room'],
  'notice/Switcher.svelte': [1, 'in a room'],
  'pages/SecondStep.svelte': [1, 'a Field whose text is only sent: takes digits of codes'],
  'pages/Setup.svelte': [1, 'a Field whose text is only sent: the code of an empty server'],
  'pages/SignUp.svelte': [2, 'around rooms'],
  'pages/account/Forgot.svelte': [1, 'on the pages for those who are not logged in'],
  'pages/account/Reset.svelte': [1, 'on the pages for those who are not logged in'],
  'pages/admin/Bans.svelte': [1, 'in the administration'],
  'pages/admin/GroupDialog.svelte': [1, 'in the administration; fields.test.ts keeps names'],
  'pages/admin/Log.svelte': [2, 'in the administration'],
  'pages/admin/NewBanDialog.svelte': [3, 'in the administration; fields.test.ts keeps reasons'],
  'pages/admin/NewUserDialog.svelte': [4, 'in the administration'],
  'pages/admin/OwnerDialog.svelte': [1, 'in the administration'],
  'pages/admin/Rooms.svelte': [1, 'in the administration'],
  'pages/admin/SearchBox.svelte': [1, 'is the field of the sections'],
  'pages/admin/Server.svelte': [1, 'in the administration'],
  'pages/admin/UserDialog.svelte': [3, 'in the administration'],
  'pages/admin/Users.svelte': [1, 'in the administration'],
  'pages/settings/Passkeys.svelte': [2, 'in the settings; kept as the name of a passkey'],
  'pages/settings/Password.svelte': [2, 'in the settings'],
  'pages/settings/Profile.svelte': [4, 'in the settings; fields.test.ts keeps a display name'],
  'pages/settings/ProofDialog.svelte': [1, 'in the settings'],
  'pages/settings/Security.svelte': [1, 'in the settings'],
  'pages/settings/Tokens.svelte': [1, 'in the settings; fields.test.ts keeps names'],
  'ui/Composer.svelte': [1, 'in a room; harmless.test.ts keeps messages'],
  'ui/Credentials.svelte': [2, 'around rooms'],
  'ui/Field.svelte': [1, 'is the field of the others'],
  'ui/InviteDialog.svelte': [2, 'around rooms'],
  'ui/RoomDialog.svelte': [3, 'around rooms; fields.test.ts keeps titles and topics'],
  'ui/RoomList.svelte': [1, 'around rooms'],
  'ui/Roster.svelte': [1, 'around rooms'],
};

test('and there is no field that this does not know of', () => {
  // What stands in braces may have such signs, and braces.
  const field = /<(?:Field|input|textarea|SearchBox)\b(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^<>{}])*>/g;
  const lib = resolve(import.meta.dirname, '../../web/src/lib');
  const found: Record<string, number> = {};
  for (const path of readdirSync(lib, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.svelte')) continue;
    const markup = readFileSync(join(lib, path), 'utf8').replace(/<script[^]*?<\/script>/, '');
    const all = markup.match(field) ?? [];
    const texts = all.filter((one) => !/type="(?:checkbox|radio|file|date)"|\breadonly\b/.test(one));
    if (texts.length > 0) found[path.replaceAll('\\', '/')] = texts.length;
  }
  const known = Object.fromEntries(Object.entries(fields).map(([path, [count]]) => [path, count]));
  expect(found, 'try it, and list it in this file').toEqual(known);
});
