/** Takes the token out of the address, and the address out of the history: it is behind the #, so no server saw it. */
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  if (location.hash !== '') history.replaceState(null, '', location.pathname);
  return token;
}

/** Takes what a provider's answer came to out of the address; null if one does not come from there. */
export function takeReturn(): URLSearchParams | null {
  const told = new URLSearchParams(location.hash.slice(1));
  if (!told.has('oidc')) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return told;
}
