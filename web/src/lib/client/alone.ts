import { makeClient } from './make';
import type { Way } from './remote';
import { Tabs } from './tabs';

/** A line to a client that is in this page, as that of a thread is. */
export function alone(): Way {
  const { port1, port2 } = new MessageChannel();
  const tabs = new Tabs(makeClient(), () => undefined);
  tabs.attach(port1);
  return Object.assign(port2, { own: true });
}
