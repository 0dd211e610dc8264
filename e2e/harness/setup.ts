import { chrome } from './chrome.ts';
import { binary } from './server.ts';

/** Says what is missing before the first test does. */
export default function setup(): void {
  binary();
  chrome();
}
