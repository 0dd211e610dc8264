// The thread that has the connection of all tabs of a browser in which the same person is logged in.
import { makeClient } from './make';
import { Tabs } from './tabs';

interface Scope {
  onconnect: ((event: MessageEvent) => void) | null;
  close: () => void;
}

const scope = globalThis as unknown as Scope;
const tabs = new Tabs(makeClient(), () => {
  scope.close();
});

scope.onconnect = ({ ports }) => {
  const [port] = ports;
  if (!port) return;
  // Each tab holds a lock of a name of its own for as long as it lives, and says first which. It waits for another one, which
  // is held here: of a thread that is ended, as where memory is short, nobody is told otherwise.
  port.onmessage = ({ data }: MessageEvent) => {
    const lock = String(data);
    const gone = navigator.locks.request(lock, () => Promise.resolve());
    void navigator.locks.request(`${lock}!`, () => {
      tabs.attach(port, gone);
      return gone;
    });
  };
};
