// Runs before the first paint, so that a chosen look does not flash in after the other one.
try {
  const theme = localStorage.getItem('earshot.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off; the system's look is used then.
}
