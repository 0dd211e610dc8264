/** A soft sound, made on the spot: one note, or two rising ones for what is meant for oneself. */
export class Chime {
  #context: AudioContext | null = null;

  /** Browsers let a page sound only after somebody has touched it; before, nothing is heard. */
  play(strong: boolean): void {
    try {
      this.#context ??= new AudioContext();
      if (this.#context.state === 'suspended') void this.#context.resume();
      const { currentTime: now } = this.#context;
      this.#note(strong ? 659 : 523, now);
      if (strong) this.#note(880, now + 0.12);
    } catch {
      // There is nothing to sound with.
    }
  }

  /** Lets go of the sound card. */
  end(): void {
    void this.#context?.close();
    this.#context = null;
  }

  #note(pitch: number, from: number): void {
    if (!this.#context) return;
    const tone = new OscillatorNode(this.#context, { type: 'sine', frequency: pitch });
    const gain = new GainNode(this.#context, { gain: 0 });
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(0.07, from + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.0005, from + 0.35);
    tone.connect(gain).connect(this.#context.destination);
    tone.start(from);
    tone.stop(from + 0.4);
  }
}
