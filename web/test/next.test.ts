import { afterEach, describe, expect, test } from 'vitest';
import list from '../../httpd/testdata/next.json';
import { takeToken } from '../src/lib/arrival';
import { ownPage } from '../src/lib/next';

describe('where a log-in leads', () => {
  test.each(list.own)('%j is a page of ours', (next) => {
    expect(ownPage(next)).toBe(true);
    expect(new URL(next, 'https://chat.example').origin).toBe('https://chat.example');
  });

  test.each(list.foreign)('%j is not', (next) => {
    expect(ownPage(next)).toBe(false);
  });
});

describe('a token in an address', () => {
  afterEach(() => {
    history.replaceState(null, '', '/');
  });

  test('is taken out at once', () => {
    history.replaceState(null, '', '/reset#token=el_a-b_c');
    const before = history.length;
    expect(takeToken()).toBe('el_a-b_c');
    expect(location.href).not.toContain('el_a');
    expect(history.length).toBe(before);
    expect(takeToken()).toBe('');
  });
});
