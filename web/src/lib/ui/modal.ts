/**
 * Shows a native dialog above the page until `closed` is called, once, by whatever way it was closed; what is returned closes it.
 * The browser tells of that a moment later, by when what was closed may have been opened anew: here it is told at once.
 */
export function showModal(dialog: HTMLDialogElement, closed: () => void): () => void {
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    closed();
  };
  const close = (): void => {
    dialog.close();
    end();
  };
  dialog.addEventListener('close', end);
  // Esc, or what stands for it. An input for files is cancelled, too.
  dialog.addEventListener('cancel', (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  dialog.showModal();
  return close;
}
