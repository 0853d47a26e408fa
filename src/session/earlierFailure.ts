/** Why a session did not open, of which only the texts are left: it was before the window reloaded. */
export class EarlierFailure extends Error {
  static override readonly name = "EarlierFailure";
  /** A few words for a row. */
  readonly words: string;

  /** @param sentence the whole message. */
  constructor(words: string, sentence: string) {
    super(sentence);
    this.name = EarlierFailure.name;
    this.words = words;
  }

  static is(error: unknown): error is EarlierFailure {
    return error instanceof EarlierFailure;
  }
}
