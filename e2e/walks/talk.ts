import type { Person } from '../harness/person.ts';
import type { Step } from '../harness/walk.ts';

/** Goes to the last message by keys, and presses one there. */
async function atMessage(p: Person, key: string): Promise<void> {
  await p.atMessage();
  await p.page.keyboard.press(key);
}

const away = async (p: Person, testid: string): Promise<void> => {
  await p.page.keyboard.press('Escape');
  await p.page.getByTestId(testid).waitFor({ state: 'detached' });
};

/** What one does in a room where somebody else, at another window, said the last three things. */
export const talk: readonly Step[] = [
  [
    'what was said, and how',
    async (p) => {
      await p.visit('/rooms/kitchen');
      await p.page.getByRole('button', { name: 'Enter', exact: true }).click();
      await p.isIn('kitchen');
    },
  ],
  [
    'what can be done with a message',
    async (p) => {
      await p.write('psst **bold** and `code`, ||hidden||');
      await p.write('> quoted\n\n- a list');
      await p.say('mine');
      await p.atMessage();
    },
  ],
  [
    'an emoji for a message',
    async (p) => {
      await atMessage(p, '+');
      await p.page.getByTestId('emoji-picker').getByRole('gridcell').first().waitFor();
    },
  ],
  [
    'a reaction',
    async (p) => {
      await p.page.getByTestId('emoji-picker').getByRole('gridcell').first().click();
      await p.page.getByTestId('reactions').waitFor();
    },
  ],
  [
    'taking it back',
    async (p) => {
      await atMessage(p, 'Delete');
      await p.page.getByTestId('message-tools').getByRole('button', { name: 'Keep it' }).waitFor();
    },
  ],
  [
    'an answer',
    async (p) => {
      await atMessage(p, 'r');
      await p.page.getByTestId('aim').waitFor();
    },
  ],
  [
    'what was answered',
    async (p) => {
      await p.write('I answer');
      await p.page.getByTestId('quote').waitFor();
    },
  ],
  [
    'one’s own message being changed',
    async (p) => {
      await p.amend('I answer');
      await p.page.getByTestId('aim').getByText('Edit your message').waitFor();
    },
  ],
  [
    'a shout about to be',
    async (p) => {
      await p.composer.press('Escape');
      await p.page.getByTestId('aim').waitFor({ state: 'detached' });
      await p.composer.fill('BREAD');
      await p.composer.press('Control+ArrowUp');
      await p.composer.press('Control+ArrowUp');
      await p.page.getByTestId('loudness').getByText('A shout').waitFor();
    },
  ],
  [
    'a shout and a whisper',
    async (p) => {
      await p.composer.press('Enter');
      await p.composer.fill('psst');
      await p.composer.press('Control+ArrowDown');
      await p.composer.press('Control+ArrowDown');
      await p.page.getByTestId('loudness').getByText('A whisper').waitFor();
      await p.composer.press('Enter');
      await p.own('psst').and(p.page.locator('[data-size="-2"][data-stage=sent]')).waitFor();
    },
  ],
  [
    'names to complete',
    async (p) => {
      await p.composer.pressSequentially('@b');
      await p.page.getByTestId('suggestions').waitFor();
    },
  ],
  [
    'a command that is none',
    async (p) => {
      await p.write('/nothing');
      await p.page.getByTestId('notice').waitFor();
    },
  ],
  [
    'the help',
    async (p) => {
      await p.write('/help');
      await p.page.getByTestId('help').waitFor();
    },
  ],
  [
    'emoji for a text',
    async (p) => {
      await away(p, 'help');
      await p.page.getByRole('button', { name: 'Emoji', exact: true }).click();
      await p.page.getByTestId('emoji-picker').getByRole('gridcell').first().waitFor();
    },
  ],
  [
    'a search in the room',
    async (p) => {
      await away(p, 'emoji-picker');
      await p.page.keyboard.press('Control+Shift+F');
      await p.page.getByTestId('search').locator('input').first().fill('psst');
      await p.page.getByTestId('search-count').getByText('found').waitFor();
    },
  ],
  [
    'the switcher',
    async (p) => {
      await away(p, 'search');
      await p.page.keyboard.press('Control+k');
      await p.page.getByRole('option').first().waitFor();
    },
  ],
  [
    'the keys',
    async (p) => {
      await away(p, 'switcher');
      await p.page.getByRole('heading', { level: 1 }).focus();
      await p.page.keyboard.press('?');
      await p.page.getByTestId('keys').waitFor();
    },
  ],
  [
    'one’s own menu',
    async (p) => {
      await away(p, 'keys');
      await p.page.getByRole('button', { name: /^Your account/ }).click();
      await p.page.getByRole('link', { name: 'Settings' }).waitFor();
    },
  ],
  [
    'what is told of a room',
    async (p) => {
      await p.page.keyboard.press('Escape');
      await p.joined.getByRole('link', { name: 'kitchen' }).click({ button: 'right' });
      await p.page.getByTestId('levels').first().waitFor();
    },
  ],
  [
    'order in a room',
    async (p) => {
      await p.page.keyboard.press('Escape');
      await p.page.getByRole('button', { name: 'Room menu' }).click();
      await p.page.getByRole('button', { name: 'Moderate', exact: true }).click();
      await p.page.getByTestId('order').waitFor();
    },
  ],
  [
    'about somebody',
    async (p) => {
      await p.page.keyboard.press('Escape');
      await p.page
        .getByRole('button', { name: /^Moderate: / })
        .first()
        .click();
      await p.page.getByTestId('judge').waitFor();
    },
  ],
];
