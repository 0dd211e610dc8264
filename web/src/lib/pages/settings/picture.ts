/** How large a picture is sent, in pixels: the server makes it smaller still. */
const side = 512;

/**
 * Cuts the middle of a picture out and makes it small, here, before it is sent: what the file says of where and with what it
 * was taken stays in this browser. Throws where it is none.
 */
export async function square(file: Blob): Promise<Blob> {
  const whole = await createImageBitmap(file);
  try {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = side;
    const from = Math.min(whole.width, whole.height);
    const context = canvas.getContext('2d');
    if (!context || from === 0) throw new Error('no picture');
    context.imageSmoothingQuality = 'high';
    const [x, y] = [(whole.width - from) / 2, (whole.height - from) / 2];
    context.drawImage(whole, x, y, from, from, 0, 0, side, side);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((made) => {
        if (made) resolve(made);
        else reject(new Error('no picture'));
      }, 'image/png');
    });
  } finally {
    whole.close();
  }
}
