import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, describe, expect, test } from 'vitest';
import Privacy from '../src/lib/pages/Privacy.svelte';
import { routeOf } from '../src/lib/routes';
import { server as installed } from './fake';

const server = { ...installed, resume_ms: 90_000 };

afterEach(cleanup);

describe('what is kept', () => {
  test('has an address', () => {
    expect(routeOf('/privacy', '')).toEqual({ page: 'privacy' });
  });

  test('is told with the server\u2019s own settings', () => {
    render(Privacy, { server, inside: false });
    expect(screen.getByTestId('window').textContent).toBe('90 seconds');
    expect(screen.getByTestId('grace').textContent).toBe('10 seconds');
    expect(screen.getByRole('link', { name: 'Log in' }).getAttribute('href')).toBe('/login');
  });

  test('of a server that keeps nothing', () => {
    render(Privacy, { server: { ...server, resume_ms: 0, grace_ms: 0 }, inside: true });
    expect(screen.getByTestId('window').textContent).toBe('Only until it has been passed on.');
    expect(screen.queryByTestId('grace')).toBeNull();
    expect(screen.getByRole('link', { name: 'Back to the rooms' }).getAttribute('href')).toBe('/');
  });

  test.each([
    [60_000, '1 minute'],
    [600_000, '10 minutes'],
    [90_000, '90 seconds'],
    [1000, '1 second'],
    [1500, '1,500 milliseconds'],
    [1, '1 millisecond'],
    [0.9, '1 millisecond'],
  ])('%d ms is %s', (ms, words) => {
    render(Privacy, { server: { ...server, grace_ms: ms }, inside: true });
    expect(screen.getByTestId('grace').textContent).toBe(words);
  });
});
