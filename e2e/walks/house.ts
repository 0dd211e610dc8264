import { patient, Scene } from '../harness/scene.ts';

/** A server of ana, ben and cleo where there is something to see in every section of the settings and the administration. */
export async function furnished(env: Record<string, string> = {}): Promise<Scene> {
  // Nobody is there to take the mail, and nobody waits for it.
  const smtp = { EARSHOT_SMTP_HOST: '127.0.0.1', EARSHOT_SMTP_PORT: '9', EARSHOT_SMTP_TLS: 'none' };
  const scene = await Scene.set(['ana', 'ben', 'cleo'], {
    EARSHOT_PUBLIC_URL: 'http://127.0.0.1:1',
    EARSHOT_SMTP_FROM: 'chat@example.org',
    ...smtp,
    ...patient,
    ...env,
  });
  const api = await scene.api('ana');
  const kitchen = await api.createRoom({ name: 'kitchen', topic: 'What is cooking?' });
  await api.call('POST', '/groups', { name: 'Crew', permissions: ['add_room', 'view_user'] });
  await api.call('POST', '/bans', {
    range: '198.51.100.0/24',
    seconds: 0,
    reason: 'Too much of it. '.repeat(20),
  });
  await api.call('PUT', `/rooms/${kitchen}/bans/cleo`, { seconds: 600, reason: 'You sing.' });
  await api.invite();
  return scene;
}
