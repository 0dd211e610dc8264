/**
 * Whether an address leads to one of the pages that people go to when they have logged in, and to no other site, however
 * it is read. The server has the same rule (httpd/next.go), and both are held to one list, httpd/testdata/next.json.
 */
export function ownPage(next: string): boolean {
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u0020\\\u007f\ufffd]/.test(next)) return false;
  const path = /^[^?#]*/.exec(next)?.[0] ?? '';
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    return false;
  }
  // eslint-disable-next-line no-control-regex -- as above
  if (/\/\/|\\|\/\.\.|\/\.\/|[\u0000-\u001f\u007f]/.test(plain)) return false;
  return path === '/' || /^\/(rooms|settings|admin|privacy)(\/|$)/.test(path);
}
