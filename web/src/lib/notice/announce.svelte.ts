/** What those who do not see the page are told of what they just did. */
class Announced {
  #text = $state('');

  get text(): string {
    return this.#text;
  }

  tell(text: string): void {
    // The same sentence once more would not be read out.
    this.#text = this.#text === text ? `${text}\u00a0` : text;
  }
}

export const announced = new Announced();
