/**
 * Puts a text into the clipboard. Where the browser does not let the page (over plain HTTP it does not), what `shown` holds is
 * selected, so that a key press takes it, and the answer is false.
 */
export async function copy(text: string, shown?: Node): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown);
    return false;
  }
}
